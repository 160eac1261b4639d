// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_link.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "bridge/env/log.hpp"
#include "smpp/status.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_buffer_bytes = 64 * 1024;
constexpr Duration connect_timeout = 10s;
constexpr Duration already_bound_min = 30s, already_bound_max = 60s;  // an old connection may have to die there first
constexpr Duration stable_after = 60s;  // bound for so long: the next loss starts counting anew
constexpr std::uint32_t status_already_bound = 0x05;

}  // namespace

std::string_view name(SmppLink::State state) {
  static constexpr std::array<std::string_view, 6> names = {"closed", "connecting", "binding",
                                                            "bound",  "unbinding",  "backoff"};
  return names[static_cast<std::size_t>(state)];
}

std::string name_of(const Address& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

SmppLink::SmppLink(Which which, const GatewaySettings& config, boost::asio::any_io_executor executor, Clock& clock,
                   Connector& connector, Random& random, const Pace& pace, Hosts& hosts, Owner& owner)
    : which_(which),
      config_(config),
      way_(config.smpp()),
      session_config_(way_.session),
      executor_(executor),
      clock_(clock),
      connector_(connector),
      random_(random),
      pace_(pace),
      hosts_(hosts),
      owner_(owner),
      addresses_(way_.addresses()),
      deadline_timer_(clock.timer(executor)),
      reconnect_timer_(clock.timer(executor)),
      incoming_(read_buffer_bytes),
      failures_(addresses_.size()),
      not_before_(addresses_.size()) {
  session_config_.bind_type = which_.type;
}

void SmppLink::start() { connect(); }

void SmppLink::reconnect() {
  if (state_ != State::backoff || stopping_) return;
  reconnect_timer_->cancel();
  std::ranges::fill(failures_, 0);
  std::ranges::fill(not_before_, Time{});
  hosts_.try_now();
  connect();
}

void SmppLink::move() {
  if (state_ != State::bound || stopping_) return;
  moving_ = true;
  state_ = State::unbinding;
  session_->unbind(clock_.now());
  after_input();
}

void SmppLink::stop() {
  stopping_ = true;
  reconnect_timer_->cancel();
  if (!session_ || state_ == State::connecting) return abort();
  state_ = State::unbinding;
  session_->unbind(clock_.now());
  take_events();
  write();
  arm();
}

void SmppLink::abort() {
  stopping_ = true;
  reconnect_timer_->cancel();
  if (session_) session_->on_closed(clock_.now());
  if (session_) take_events();
  if (session_) lost(smpp::LostReason::local);
  ++generation_;
  stream_.reset();
  state_ = State::closed;
}

void SmppLink::connect() {
  state_ = State::connecting;
  const auto generation = ++generation_;
  host_ = hosts_.next(which_.place, not_before_, clock_.now()).host;
  connector_.connect(executor_, addresses_[host_], clock_.now() + connect_timeout,
                     [self = shared_from_this(), generation](ConnectStage stage, const std::string& detail,
                                                             std::unique_ptr<Stream> stream) {
                       if (self->generation_ != generation || self->stopping_) return;
                       if (stage == ConnectStage::ok) return self->connected(std::move(stream));
                       self->not_bound(explain_stage(stage, detail));
                     });
}

void SmppLink::connected(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  session_ = std::make_shared<smpp::ClientSession>(session_config_, random_.next());
  reading_ = writing_ = write_failed_ = false;
  refusal_.reset();
  io_error_.clear();
  state_ = State::binding;
  session_->on_connected(clock_.now());
  after_input();
}

// The whole reader. No decision is made here.
void SmppLink::read() {
  if (reading_ || !stream_ || !session_->wants_read()) return;
  reading_ = true;
  stream_->read_some(boost::asio::buffer(incoming_), [self = shared_from_this(), generation = generation_](
                                                         boost::system::error_code ec, std::size_t count) {
    if (self->generation_ != generation) return;
    self->reading_ = false;
    if (ec) {
      self->io_error_ = ec.message();
      self->session_->on_closed(self->clock_.now());
    } else {
      self->session_->on_bytes(std::span(self->incoming_).first(count), self->clock_.now());
    }
    self->after_input();
  });
}

void SmppLink::write() {
  if (writing_ || write_failed_ || !stream_) return;
  const auto output = session_->output();
  if (output.empty()) return;
  writing_ = true;
  stream_->write_some(boost::asio::buffer(output.data(), output.size()),
                      [self = shared_from_this(), session = session_, generation = generation_](
                          boost::system::error_code ec, std::size_t count) {
                        if (self->generation_ != generation) return;
                        self->writing_ = false;
                        if (!ec)
                          self->session_->wrote(count);
                        else
                          self->cannot_write(ec);
                        self->after_input();
                      });
}

// The peer is gone, but what it sent before can still be read: its answers count. The read finds the end.
void SmppLink::cannot_write(boost::system::error_code ec) {
  io_error_ = ec.message();
  write_failed_ = true;
  if (!reading_) session_->on_closed(clock_.now());
}

void SmppLink::arm() {
  if (!session_) return;
  const auto due = session_->next_deadline();
  if (!due || due == armed_for_) return;
  armed_for_ = due;
  deadline_timer_->at(*due, [self = shared_from_this(), generation = generation_] {
    if (self->generation_ != generation) return;
    self->armed_for_.reset();
    self->session_->on_deadline(self->clock_.now());
    self->after_input();
  });
}

void SmppLink::after_input() {
  take_events();
  if (!session_) return;
  if (state_ == State::bound && !session_->is_bound()) state_ = State::unbinding;
  if (session_->wants_close() && session_->output().empty()) {
    session_->on_closed(clock_.now());
    take_events();
    if (session_) lost(smpp::LostReason::peer_closed);
    return;
  }
  owner_.on_window_moved(*this);
  if (!session_) return;
  write();
  read();
  arm();
}

void SmppLink::take_events() {
  if (in_events_) return;
  struct Guard {  // also when an event's handler throws
    bool& flag;
    ~Guard() { flag = false; }
  } const guard{in_events_};
  in_events_ = true;
  const auto generation = generation_;
  while (session_ && generation_ == generation) {
    auto event = session_->next_event();
    if (!event) break;
    if (const auto* answered = std::get_if<smpp::Answered>(&*event)) {
      if (answered->congestion) owner_.on_congestion(*this, *answered->congestion);
      owner_.on_answered(*this, *answered);
    } else if (const auto* congested = std::get_if<smpp::Congested>(&*event)) {
      owner_.on_congestion(*this, congested->state);
    } else if (const auto* delivered = std::get_if<smpp::Delivered>(&*event)) {
      owner_.on_delivered(*this, *delivered);
    } else if (const auto* unanswered = std::get_if<smpp::Unanswered>(&*event)) {
      owner_.on_unanswered(*this, *unanswered);
    } else if (const auto* replied = std::get_if<smpp::Replied>(&*event)) {
      owner_.on_replied(*this, *replied);
    } else if (const auto* late = std::get_if<smpp::LateAnswer>(&*event)) {
      owner_.on_late_answer(*this, *late);
    } else if (std::holds_alternative<smpp::Bound>(*event)) {
      if (state_ == State::binding) state_ = State::bound;
      bound_at_ = clock_.now();
      last_error_.clear();
      owner_.on_bound(*this);
    } else if (const auto* no = std::get_if<smpp::BindRefused>(&*event)) {
      refused(no->status);
    } else if (const auto* request = std::get_if<smpp::Refused>(&*event)) {
      owner_.on_refused(*this, *request);
    } else if (const auto* gone = std::get_if<smpp::Lost>(&*event)) {
      lost(gone->reason);
    }
  }
}

void SmppLink::refused(std::uint32_t status) {
  refusal_ = explain_refusal(status);
  // Accounts are locked after repeated wrong passwords: try again slowly, but never give up.
  const auto bind_class = smpp::status_info(status).bind_class;
  if (bind_class == smpp::StatusClass::account_refused || bind_class == smpp::StatusClass::permanent_message_failure) {
    refused_delay_ = random_.jitter(way_.refused_delay, 0.1);
    account_refused_ = true;
  } else if (status == status_already_bound) {
    const Duration drawn(random_.between(already_bound_min.count(), already_bound_max.count()));
    refused_delay_ = std::max(drawn, way_.unbind_wait);
  }
}

BindFailure SmppLink::why_not_bound(smpp::LostReason reason) const {
  if (refusal_) return *refusal_;
  const auto octets = session_->unframed();
  if (!octets.empty())
    log::debug("gateway", "what came instead of an answer to the bind", "gateway", config_.name, "session",
               which_.number, "octets", first_words(octets));
  return explain_loss({.reason = reason,
                       .octets = octets,
                       .error = io_error_,
                       .invalid_field = std::string(session_->invalid_field()),
                       .bind_timeout = session_config_.bind_timeout});
}

void SmppLink::not_bound(BindFailure failure) {
  last_error_ = std::move(failure.text);
  put_off();
  come_back();
  owner_.on_not_bound(*this, failure.result);
}

void SmppLink::lost(smpp::LostReason reason) {
  const bool was_bound = state_ == State::bound || state_ == State::unbinding;
  if (was_bound && clock_.now() - bound_at_ >= stable_after) failures_[host_] = 0;
  leaving_by_.reset();
  const bool moved = std::exchange(moving_, false) && reason == smpp::LostReason::local;
  std::optional<BindFailure> failure;
  if (was_bound)
    last_error_ = moved ? "goes to another host" : explain_end(reason, session_->unframed(), io_error_);
  else if (!stopping_)
    failure = why_not_bound(reason);
  ++generation_;
  deadline_timer_->cancel();
  armed_for_.reset();
  stream_.reset();
  past_sent_ = sum(past_sent_, session_->sent());
  past_received_ = sum(past_received_, session_->received());
  session_.reset();
  state_ = State::closed;
  owner_.on_lost(*this, reason, was_bound);
  if (stopping_) return;
  if (failure) return not_bound(*std::move(failure));
  if (reason == smpp::LostReason::peer_unbind) hosts_.leave_alone(host_, clock_.now() + way_.unbind_wait);
  if (!moved) put_off();
  come_back();
}

smpp::PduCounts SmppLink::sum(smpp::PduCounts a, const smpp::PduCounts& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

// After a failure at its host: when it may be tried again.
void SmppLink::put_off() {
  if (account_refused_)
    hosts_.refused(host_, clock_.now(), last_error_);
  else
    hosts_.failed(host_, clock_.now(), last_error_);
  const auto failures = ++failures_[host_];
  auto delay = std::min<Duration>(way_.reconnect_max, way_.reconnect_first * (1 << std::min(failures - 1, 16)));
  if (refused_delay_)
    delay = *refused_delay_;
  else
    delay = random_.jitter(delay, 0.2);
  for (Hosts::Host host = 0; host < not_before_.size(); ++host)
    if (host == host_ || (account_refused_ && !hosts_.takes_account(host)))
      not_before_[host] = std::max(not_before_[host], clock_.now() + delay);
  refused_delay_.reset();
  account_refused_ = false;
}

void SmppLink::come_back() {
  state_ = State::backoff;
  next_try_ = hosts_.next(which_.place, not_before_, clock_.now()).at;
  reconnect_timer_->at(next_try_, [self = shared_from_this()] { self->connect(); });
}

smpp::ClientSession::SubmitResult SmppLink::submit(const smpp::Message& message, std::uint64_t cookie) {
  if (!can_submit()) return smpp::ClientSession::SubmitResult::not_bound;
  const auto result = session_->submit(message, cookie, clock_.now());
  if (result == smpp::ClientSession::SubmitResult::queued) write_soon();
  return result;
}

// One write for all that is submitted in this turn.
void SmppLink::write_soon() {
  if (write_posted_ || writing_) return;
  write_posted_ = true;
  boost::asio::post(executor_, [self = shared_from_this()] {
    self->write_posted_ = false;
    if (!self->session_) return;
    self->write();
    self->arm();
  });
}

void SmppLink::answer_delivery(std::uint64_t generation, std::uint32_t sequence, smpp::Command command,
                               std::uint32_t status) {
  if (generation != generation_ || !session_) return;
  session_->answer_delivery(sequence, command, status);
  write();
  read();
}

}  // namespace smsbridge::bridge
