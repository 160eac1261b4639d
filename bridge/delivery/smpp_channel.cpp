// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_channel.hpp"

#include <algorithm>

#include "bridge/delivery/receipt_ids.hpp"
#include "bridge/delivery/smpp_labels.hpp"
#include "bridge/env/log.hpp"
#include "bridge/policy/outcome.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t receipt_text_max = 160;  // octets of each field that are kept
constexpr std::size_t begun_max = 1024;
constexpr std::uint32_t status_queue_full = 0x14;  // ESME_RMSGQFUL
constexpr std::uint32_t status_try_later = 0x64;   // ESME_RX_T_APPN
constexpr std::size_t accepted_only_max = 50;
constexpr const char* accepted_hint =
    "every receipt says ACCEPTD and none more: if that is this carrier's last word, set dialect.accepted_is_final";

}  // namespace

SmppChannel::SmppChannel(const GatewaySettings& config, SmppContext context, Channel::Owner& owner)
    : config_(config),
      way_(config.smpp()),
      context_(std::move(context)),
      owner_(owner),
      ids_(config, context_.ids),
      health_(config, "carrier", context_.executor, context_.clock, owner,
              [this] {
                tell_up_or_down();
                if (is_up()) owner_.on_room();
              }),
      hosts_(config, context_.executor, context_.clock, context_.connector, context_.random, context_.smpp_metrics,
             links_),
      questions_({.config = config,
                  .executor = context_.executor,
                  .clock = context_.clock,
                  .metrics = context_.smpp_metrics,
                  .pace = *context_.pace,
                  .awaited = context_.awaited,
                  .learnt = [this](store::ReceiptRecorded learnt) { owner_.on_learnt(std::move(learnt)); },
                  .tenant_name = context_.tenant_name,
                  // What waits for an answer keeps the probe, and a message that has a bind for itself, from going.
                  .may_ask = [this] { return !lone_message_ && !health_.is_probed(); }},
                 links_) {
  using Type = smpp::ClientConfig::BindType;
  const auto add = [this](std::size_t session, Type type) {
    links_.push_back(std::make_shared<SmppLink>(
        SmppLink::Which{.number = static_cast<int>(links_.size()) + 1, .place = session, .type = type}, config_,
        context_.executor, context_.clock, context_.connector, context_.random, *context_.pace, hosts_.hosts(),
        static_cast<SmppLink::Owner&>(*this)));
  };
  for (std::size_t session = 0; session < static_cast<std::size_t>(way_.sessions); ++session) {
    add(session, way_.bind == SmppSettings::Bind::transceiver ? Type::transceiver : Type::transmitter);
    if (way_.bind == SmppSettings::Bind::pair) add(session, Type::receiver);
  }
  published_.resize(links_.size());
}

SmppChannel::~SmppChannel() { SmppChannel::abort(); }

void SmppChannel::start() {
  hosts_.start();
  questions_.start();
  for (auto& link : links_) link->start();
}

void SmppChannel::stop() {
  stopping_ = true;
  health_.stop();
  hosts_.stop();
  questions_.stop();
  for (auto& link : links_) link->stop();
}

void SmppChannel::abort() {
  stopping_ = true;
  health_.stop();
  hosts_.stop();
  questions_.stop();
  for (auto& link : links_) link->abort();
}

void SmppChannel::reconnect() {
  for (auto& link : links_) link->reconnect();
  health_.try_now();
}

bool SmppChannel::is_closed() const {
  return std::ranges::all_of(links_, [](const auto& link) { return link->state() == SmppLink::State::closed; });
}

std::size_t SmppChannel::bound_senders() const {
  return static_cast<std::size_t>(std::ranges::count_if(links_, [](const auto& link) { return link->can_submit(); }));
}

std::size_t SmppChannel::in_flight() const {
  std::size_t count = 0;
  for (const auto& link : links_) count += link->in_flight();
  return count;
}

bool SmppChannel::takes_another() const { return !health_.is_open() && (!health_.is_probed() || in_flight() == 0); }

std::size_t SmppChannel::capacity() const {
  if (!is_up()) return 0;
  return health_.is_probed() ? 1 : bound_senders() * std::min(context_.pace->window(), way_.session.window);
}

std::size_t SmppChannel::room() const {
  if (!takes_another()) return 0;
  std::size_t room = 0;
  for (const auto& link : links_)
    if (link.get() != lone_link_ && link->takes_new()) room += link->window_free();
  return room;
}

// ---- submits and their answers ----

tl::expected<std::unique_ptr<Channel::Outgoing>, std::string> SmppChannel::prepare(const store::Claimed& message,
                                                                                   WallMs now) {
  // Only rows of `senders` ask for it.
  const auto tenant = context_.tenant_name && !way_.fields.senders.empty()
                          ? context_.tenant_name(message.content.tenant)
                          : std::string();
  auto outgoing = make_outgoing(message, config_, now, tenant);
  if (!outgoing) return tl::unexpected(outgoing.error());
  outgoing->id = message.id;
  if (const auto begun = begun_.find(message.id); begun != begun_.end())
    leaves_by(*outgoing, begun->second.first, begun->second.second);
  return std::make_unique<SmppMessage>(std::move(*outgoing));
}

void SmppChannel::leaves_by(SmppMessage& message, SmppLink* link, std::uint64_t generation) {
  if (message.link != link) {
    if (message.link) message.link->ended();
    link->began();
  }
  message.link = link;
  message.generation = generation;
}

// All parts of one message leave on one bind: centres join what they get over two of them late, or never. Only when
// that bind is lost they go on by another.
SmppLink* SmppChannel::choose_link(const SmppMessage& message) const {
  if (!takes_another()) return nullptr;
  if (message.link && message.link->can_submit() && message.link->generation() == message.generation)
    return message.link->window_free() > 0 ? message.link : nullptr;
  if (message.alone)
    return lone_message_ == &message && lone_link_ && lone_link_->in_flight() == 0 && lone_link_->window_free() > 0
               ? lone_link_
               : nullptr;
  SmppLink* best = nullptr;
  for (const auto& link : links_)
    if (link.get() != lone_link_ && link->takes_new() && link->window_free() > 0 &&
        (!best || link->window_free() > best->window_free()))
      best = link.get();
  return best;
}

bool SmppChannel::has_room_for(Outgoing& outgoing) {
  if (outgoing.alone) set_aside_link(outgoing);
  return choose_link(static_cast<SmppMessage&>(outgoing)) != nullptr;
}

// The bind that is empty soonest gets nothing more until `message` is done with. One bind at a time.
void SmppChannel::set_aside_link(const Outgoing& message) {
  if (lone_link_ && !lone_link_->can_submit()) lone_link_ = nullptr;
  if (lone_link_ || (lone_message_ && lone_message_ != &message)) return;
  for (const auto& link : links_)
    if (link->takes_new() && (!lone_link_ || link->in_flight() < lone_link_->in_flight())) lone_link_ = link.get();
  lone_message_ = lone_link_ ? &message : nullptr;
}

void SmppChannel::done_with(const Outgoing& message) {
  const auto& smpp_message = static_cast<const SmppMessage&>(message);
  if (smpp_message.link) smpp_message.link->ended();
  if (smpp_message.link && smpp_message.segments.size() > 1) {
    begun_[smpp_message.id] = {smpp_message.link, smpp_message.generation};
    if (begun_.size() > begun_max) begun_.erase(begun_.begin());
  }
  if (lone_message_ != &message) return;
  lone_link_ = nullptr;
  lone_message_ = nullptr;
}

Channel::Submitted SmppChannel::submit(std::uint64_t cookie, Outgoing& outgoing, std::size_t part) {
  auto& message = static_cast<SmppMessage&>(outgoing);
  auto* link = choose_link(message);
  if (!link) return Submitted::no_room;
  renew_validity(message, way_, context_.clock.wall());
  switch (link->submit(segment_message(message, part), cookie)) {
    case smpp::ClientSession::SubmitResult::queued:
      leaves_by(message, link, link->generation());
      return Submitted::yes;
    case smpp::ClientSession::SubmitResult::invalid:
      return Submitted::invalid;
    case smpp::ClientSession::SubmitResult::window_full:
    case smpp::ClientSession::SubmitResult::not_bound:
      break;
  }
  return Submitted::no_room;
}

void SmppChannel::on_answered(SmppLink&, const smpp::Answered& answer) {
  using metrics::SubmitResult;
  if (answer.status != 0) context_.smpp_metrics.errors(smpp::status_name(answer.status)).Increment();
  // The peer could not read the PDU, or not in its place: the message is not at fault.
  const bool misread = answer.nack && answer.status == smpp::status_invalid_command_length;
  const auto count = [this](SubmitResult result) { context_.metrics.submit_results[result]->Increment(); };
  switch (misread ? Verdict::temporary : judge(answer.status, way_.dialect)) {
    case Verdict::accepted:
      count(SubmitResult::ok);
      health_.passed();
      return owner_.on_answer(
          answer.cookie,
          {.kind = Answer::Kind::accepted, .provider_ids = {std::string(answer.message_id)}, .error = {}});
    case Verdict::throttled:
      count(answer.status == status_queue_full ? SubmitResult::queue_full : SubmitResult::throttled);
      return owner_.on_throttled(answer.cookie, {}, std::string(smpp::status_name(answer.status)));
    case Verdict::temporary:
      count(SubmitResult::temporary);
      // What it could not read ends the connection, with all that was under way.
      return owner_.on_answer(answer.cookie, {.kind = Answer::Kind::temporary,
                                              .provider_ids = {},
                                              .error = describe_status(answer.status),
                                              .with_connection = misread});
    case Verdict::account_refused:
      count(SubmitResult::permanent);
      return health_.blamed(answer.cookie,
                            {.kind = Answer::Kind::refused,
                             .provider_ids = {},
                             .error = describe_status(answer.status),
                             .elsewhere = true},
                            true);
    case Verdict::refused:
      count(SubmitResult::permanent);
      health_.passed();
      return owner_.on_answer(answer.cookie, {.kind = Answer::Kind::refused,
                                              .provider_ids = {},
                                              .error = describe_status(answer.status),
                                              .elsewhere = true});
  }
}

void SmppChannel::on_congestion(SmppLink&, std::uint8_t state) {
  if (way_.session.interface_version < smpp::version_50) return;
  context_.smpp_metrics.congestion->Set(state);
  context_.pace->congested(context_.clock.now(), state);
  if (const auto count = state < Pace::near_congestion ? 0 : lines_.due("congestion", context_.clock.now()))
    log::warn("gateway", "the message centre is congested: slowing down", "gateway", config_.name, "congestion",
              static_cast<int>(state), "count", count);
}

void SmppChannel::on_unanswered(SmppLink&, const smpp::Unanswered& request) {
  if (!request.sent) return owner_.on_not_taken(request.cookie);
  context_.metrics
      .submit_results[request.timed_out ? metrics::SubmitResult::timeout : metrics::SubmitResult::disconnected]
      ->Increment();
  owner_.on_answer(request.cookie,
                   {.kind = Answer::Kind::unknown,
                    .provider_ids = {},
                    .error = request.timed_out ? "no answer in time; may have been sent"
                                               : "connection lost before the answer; may have been sent",
                    .with_connection = !request.timed_out});
}

void SmppChannel::on_late_answer(SmppLink&, const smpp::LateAnswer& answer) {
  if (answer.status == 0) owner_.on_late_answer(answer.cookie, std::string(answer.message_id));
}

// ---- receipts ----

void SmppChannel::on_delivered(SmppLink& link, const smpp::Delivered& delivery) {
  const auto receipt = smpp::parse_receipt(delivery.message, way_.dialect);
  const auto answer = [there = link.weak_from_this(), generation = link.generation(), sequence = delivery.sequence,
                       command = delivery.command](bool stored) {
    if (const auto bind = there.lock())
      bind->answer_delivery(generation, sequence, command, stored ? 0 : status_try_later);
  };
  if (!receipt) return owner_.on_inbound(from_phone(delivery.message), answer);
  look_at_words(*receipt);
  const auto phone = way_.dialect.address_may_differ ? std::string_view() : delivery.message.source.digits;
  store::ReceiptRecorded change{
      .gateway = config_.id, .provider_ids = {}, .error = receipt->reason, .destination = std::string(phone)};
  // Some centres leave the addresses as they stood in the submit.
  if (!phone.empty()) change.other_address = delivery.message.destination.digits;
  change.state = segment_state(receipt->state, receipt->final_state);
  if (!receipt->final_state) change.word = receipt->state_word;
  change.whole_message = way_.dialect.one_receipt_per_message;
  ids_.received(receipt->id_candidates, delivery.message.source.digits, delivery.message.destination.digits,
                context_.clock.now());
  add_ids(*receipt, way_.dialect, context_.ids.get(), change);
  // "23" may be another message's 0x17. While a message to this phone is under way the receipt may be its own, ahead of
  // the answer: then nothing is guessed.
  if (owner_.is_sending_to(phone)) {
    change.usable = change.as_given;
    change.may_guess = false;
  }
  change.quote = receipt->text;
  for (auto* const text : {&change.error, &change.destination, &change.other_address, &change.quote})
    text->resize(text::cut_utf8(*text, receipt_text_max).size());
  owner_.on_receipt(std::move(change), label_of(receipt->state), answer);
}

// A word that nobody knows, and a centre whose last word may be ACCEPTD: both are settings that only a person can make.
void SmppChannel::look_at_words(const smpp::Receipt& receipt) {
  if (const auto count = receipt.word_known ? 0 : lines_.due("word " + receipt.state_word, context_.clock.now()))
    log::warn("gateway", "a receipt has a word that is not known: say what it means in dialect.receipt_words",
              "gateway", config_.name, "word", receipt.state_word, "taken_as",
              receipt.final_state ? smpp::state_word(receipt.state) : "not final", "error", receipt.error, "count",
              count);
  if (receipt.state != smpp::MessageState::accepted) {
    final_seen_ = final_seen_ || receipt.final_state;
  } else if (++accepted_only_ == accepted_only_max && only_accepts()) {
    log::warn("gateway", accepted_hint, "gateway", config_.name, "receipts", accepted_only_);
  }
}

bool SmppChannel::only_accepts() const {
  return !way_.dialect.accepted_is_final && !final_seen_ && accepted_only_ >= accepted_only_max;
}

// ---- what is shown ----

void SmppChannel::describe(GatewayStatus& status) const {
  health_.describe(status);
  hosts_.describe(status);
  status.window_in_use = in_flight();
  if (status.last_error.empty() && only_accepts()) status.last_error = accepted_hint;
  status.window_limit = capacity();
  status.ids = ids_.describe(way_.dialect);
}

void SmppChannel::publish_metrics() {
  auto& m = context_.smpp_metrics;
  std::array<int, 6> states{};
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const auto& link = *links_[i];
    ++states[static_cast<std::size_t>(link.state())];
    publish_pdus(link.pdus_sent(), published_[i].first, metrics::Direction::sent, m);
    publish_pdus(link.pdus_received(), published_[i].second, metrics::Direction::received, m);
    if (const auto* session = link.session(); session && session->last_enquire_link_round_trip())
      m.enquire_link_rtt_seconds->Set(std::chrono::duration<double>(*session->last_enquire_link_round_trip()).count());
  }
  hosts_.publish_metrics();
  m.window_in_use->Set(static_cast<double>(in_flight()));
  m.window_limit->Set(static_cast<double>(capacity()));
  m.sessions_wanted->Set(static_cast<double>(links_.size()));
  for (std::size_t i = 0; i < states.size(); ++i) m.sessions[static_cast<metrics::SessionState>(i)]->Set(states[i]);
}

}  // namespace smsbridge::bridge
