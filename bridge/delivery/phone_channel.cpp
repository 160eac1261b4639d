// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/phone_channel.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr int missed_fetches_max = 3;
constexpr std::size_t fetch_messages_max = 50;

}  // namespace

PhoneChannel::PhoneChannel(const GatewaySettings& config, HttpContext context,
                           std::unique_ptr<http_gateways::Provider> provider, Channel::Owner& owner)
    : config_(config),
      context_(std::move(context)),
      owner_(owner),
      provider_(std::move(provider)),
      silence_timer_(context_.clock.timer(context_.executor)) {}

void PhoneChannel::start() { owner_.on_up_or_down(); }

void PhoneChannel::stop() {
  stopping_ = true;
  silence_timer_->cancel();
  take_back();
  owner_.on_closed();
}

tl::expected<std::unique_ptr<Channel::Outgoing>, std::string> PhoneChannel::prepare(const store::Claimed& message,
                                                                                    WallMs now) {
  if (auto why = why_no_provider_takes(message.content); !why.empty()) return tl::unexpected(std::move(why));
  return provider_message(message, config_, now);
}

Channel::Submitted PhoneChannel::submit(std::uint64_t cookie, Outgoing& message, std::size_t) {
  if (room() == 0) return Submitted::no_room;
  waiting_.emplace(cookie, static_cast<ProviderMessage&>(message));
  return Submitted::yes;
}

void PhoneChannel::take_back() {
  for (const auto& [cookie, message] : std::exchange(waiting_, {})) owner_.on_not_taken(cookie);
}

void PhoneChannel::receive(const http_gateways::CallbackRequest& request,
                           std::function<void(http_gateways::CallbackAnswer)> respond) {
  auto result = provider_->receive(request, context_.clock.wall() / 1000);
  unread_.note(result, context_.clock.now());
  if (result.fetch == http_gateways::Fetch::none) {
    return report(owner_, config_, result, [answer = result.answer, respond = std::move(respond)](bool stored) {
      respond(stored ? answer : not_stored());
    });
  }
  // A phone learns nothing more of a message than that it left.
  for (auto& update : result.updates)
    if (update.status == http_gateways::Status::sent) update.final_status = true;
  heard_of();
  // What it says is on disk before it gets messages: otherwise it has to say it again, and may not see this answer.
  const bool reported = result.fetch == http_gateways::Fetch::reported;
  report(owner_, config_, result, [this, alive = alive_, request, reported, respond](bool stored) {
    if (!stored || !*alive) return respond(not_stored());
    respond(provider_->hand_out(request, hand_out(reported)));
    owner_.on_room();
  });
}

// Each message leaves once, whoever fetches at the same time. Whether the answer arrives nobody can tell: the phone has
// them from here on.
std::vector<http_gateways::OutboundSms> PhoneChannel::hand_out(bool reported) {
  std::vector<http_gateways::OutboundSms> messages;
  while (!waiting_.empty() && messages.size() < fetch_messages_max) {
    auto node = waiting_.extract(waiting_.begin());
    const auto cookie = node.key();
    auto& message = node.mapped();
    if ((message.expires_at && message.expires_at <= context_.clock.wall()) || !owner_.may_leave(cookie)) {
      owner_.on_not_taken(cookie);  // and expires in the queue, or waits there
      continue;
    }
    context_.metrics.submit_results[metrics::SubmitResult::ok]->Increment();
    Answer answer{.kind = Answer::Kind::accepted, .provider_ids = {}, .error = {}};
    if (reported) answer.provider_ids = {message.sms.reference};
    messages.push_back(std::move(message.sms));
    owner_.on_answer(cookie, std::move(answer));
  }
  return messages;
}

void PhoneChannel::heard_of() {
  heard_at_ = context_.clock.now();
  if (stopping_) return;
  const auto interval = std::chrono::seconds(provider_->fetch_interval_s());
  silence_timer_->at(*heard_at_ + missed_fetches_max * interval, [this] { silent(); });
  if (std::exchange(up_, true)) return;
  log::info("gateway", "the phone fetches messages", "gateway", config_.name);
  owner_.on_up_or_down();
  owner_.on_room();
}

void PhoneChannel::silent() {
  up_ = false;
  log::warn("gateway", "the phone no longer fetches messages", "gateway", config_.name, "seconds", silence().count());
  owner_.on_up_or_down();
  take_back();
}

void PhoneChannel::describe(GatewayStatus& status) const {
  status.window_in_use = waiting_.size();
  status.window_limit = capacity();
  status.callback_url = context_.callback_url;
  if (!up_)
    status.last_error = heard_at_ ? "the phone has fetched no messages for " + std::to_string(silence().count()) + " s"
                                  : "the phone has fetched no messages since the start";
}

std::chrono::seconds PhoneChannel::silence() const {
  return std::chrono::duration_cast<std::chrono::seconds>(context_.clock.now() - *heard_at_);
}

}  // namespace smsbridge::bridge
