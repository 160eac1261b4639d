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
constexpr Duration already_bound_delay = 30s;  // an old connection may have to die there first
constexpr Duration stable_after = 60s;         // bound for so long: the next loss starts counting anew
constexpr std::uint32_t status_already_bound = 0x05;

BindFailure explain_stage(ConnectStage stage, const std::string& detail) {
  using metrics::BindResult;
  switch (stage) {
    case ConnectStage::resolve:
      return {"name look-up failed: " + detail, BindResult::dns_failed};
    case ConnectStage::tls:
      return {"TLS handshake failed: " + detail +
                  (detail.find("wrong version number") == std::string::npos ? "" : ": does this port speak TLS?"),
              BindResult::tls_failed};
    case ConnectStage::connect:
    case ConnectStage::ok:
      break;
  }
  return {"connection failed: " + detail, BindResult::connect_failed};
}

}  // namespace

std::string_view name(SmppLink::State state) {
  static constexpr std::array<std::string_view, 6> names = {"closed", "connecting", "binding",
                                                            "bound",  "unbinding",  "backoff"};
  return names[static_cast<std::size_t>(state)];
}

SmppLink::SmppLink(int number, smpp::ClientConfig::BindType type, const GatewaySettings& config,
                   boost::asio::any_io_executor executor, Clock& clock, Connector& connector, Random& random,
                   const Pace& pace, Owner& owner)
    : number_(number),
      config_(config),
      way_(config.smpp()),
      session_config_(way_.session),
      executor_(executor),
      clock_(clock),
      connector_(connector),
      random_(random),
      pace_(pace),
      owner_(owner),
      deadline_timer_(clock.timer(executor)),
      reconnect_timer_(clock.timer(executor)),
      incoming_(read_buffer_bytes) {
  session_config_.bind_type = type;
}

void SmppLink::start() { connect(); }

void SmppLink::reconnect() {
  if (state_ != State::backoff || stopping_) return;
  reconnect_timer_->cancel();
  failures_ = 0;
  connect();
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
  connector_.connect(executor_, way_.address, clock_.now() + connect_timeout,
                     [self = shared_from_this(), generation](ConnectStage stage, const std::string& detail,
                                                             std::unique_ptr<Stream> stream) {
                       if (self->generation_ != generation || self->stopping_) return;
                       if (stage == ConnectStage::ok) return self->connected(std::move(stream));
                       self->come_back({});
                       self->not_bound(explain_stage(stage, detail));
                     });
}

void SmppLink::connected(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  session_ = std::make_shared<smpp::ClientSession>(session_config_, random_.next());
  reading_ = writing_ = write_failed_ = false;
  refused_delay_.reset();
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
  if (bind_class == smpp::StatusClass::account_refused || bind_class == smpp::StatusClass::permanent_message_failure)
    refused_delay_ = way_.refused_delay;
  else if (status == status_already_bound)
    refused_delay_ = already_bound_delay;
}

BindFailure SmppLink::why_not_bound(smpp::LostReason reason) const {
  if (refusal_) return *refusal_;
  const auto octets = session_->unframed();
  if (!octets.empty())
    log::debug("gateway", "what came instead of an answer to the bind", "gateway", config_.name, "session", number_,
               "octets", first_words(octets));
  return explain_loss({.reason = reason,
                       .octets = octets,
                       .error = io_error_,
                       .invalid_field = std::string(session_->invalid_field()),
                       .bind_timeout = session_config_.bind_timeout});
}

void SmppLink::not_bound(BindFailure failure) {
  last_error_ = std::move(failure.text);
  owner_.on_not_bound(*this, failure.result);
}

void SmppLink::lost(smpp::LostReason reason) {
  const bool was_bound = state_ == State::bound || state_ == State::unbinding;
  if (was_bound && clock_.now() - bound_at_ >= stable_after) failures_ = 0;
  std::optional<BindFailure> failure;
  if (was_bound)
    last_error_ = explain_end(reason, session_->unframed(), io_error_);
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
  come_back(refused_delay_.value_or(Duration{}));
  if (failure) not_bound(*std::move(failure));
}

smpp::PduCounts SmppLink::sum(smpp::PduCounts a, const smpp::PduCounts& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

void SmppLink::come_back(Duration delay) {
  ++failures_;
  if (delay == Duration{}) {
    delay = std::min<Duration>(way_.reconnect_max, way_.reconnect_first * (1 << std::min(failures_ - 1, 16)));
    delay = random_.jitter(delay, 0.2);
  } else {
    delay = random_.jitter(delay, 0.1);
  }
  state_ = State::backoff;
  next_try_ = clock_.now() + delay;
  reconnect_timer_->at(next_try_, [self = shared_from_this()] { self->connect(); });
}

smpp::ClientSession::SubmitResult SmppLink::submit(const smpp::Message& message, std::uint64_t cookie) {
  if (!can_submit()) return smpp::ClientSession::SubmitResult::not_bound;
  const auto result = session_->submit(message, cookie, clock_.now());
  // One write for all that is submitted in this turn.
  if (result == smpp::ClientSession::SubmitResult::queued && !write_posted_ && !writing_) {
    write_posted_ = true;
    boost::asio::post(executor_, [self = shared_from_this()] {
      self->write_posted_ = false;
      if (!self->session_) return;
      self->write();
      self->arm();
    });
  }
  return result;
}

void SmppLink::answer_delivery(std::uint64_t generation, std::uint32_t sequence, smpp::Command command,
                               std::uint32_t status) {
  if (generation != generation_ || !session_) return;
  session_->answer_delivery(sequence, command, status);
  write();
  read();
}

}  // namespace smsbridge::bridge
