// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/smsc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "bridge/smsc_sim/smsc_session.hpp"
#include "smpp/status.hpp"

namespace smsbridge::bridge::smsc_sim {

using smpp::Command;
using smpp::ServerSession;

namespace {

constexpr auto unbind_timeout = std::chrono::seconds(5);

smpp::ServerConfig session_config(const Options& options) {
  smpp::ServerConfig config;
  config.system_id = "smsc-sim";
  config.bind_timeout = options.bind_timeout;
  config.enquire_link_interval = options.enquire_link_interval;
  config.response_timeout = options.receipt_retry;
  config.frame_timeout = {};
  config.unbind_timeout = unbind_timeout;
  config.window = options.receipt_window;
  config.requests_max = Smsc::in_flight_max;
  config.output_max = Smsc::output_max;
  return config;
}

}  // namespace

Smsc::Smsc(Options options) : options_(std::move(options)), chance_(options_.seed) {}
Smsc::~Smsc() = default;

// Sessions

Smsc::SessionId Smsc::connected(Time now) {
  const auto id = ++last_session_;
  const auto made = sessions_.emplace(id, std::make_unique<Session>(id, session_config(options_), now)).first;
  ++counts_.connections;
  look_after(*made->second);
  return id;
}

void Smsc::received(SessionId id, std::span<const std::uint8_t> octets, Time now) {
  auto* session = find(id);
  if (session == nullptr || session->line.is_lost()) return;
  session->submits_in_read = 0;
  session->line.on_bytes(octets, now);
  take_events(*session, now);
  const auto enquiries =
      session->line.received()[smpp::operation_index(static_cast<std::uint32_t>(Command::enquire_link))];
  counts_.enquire_links += enquiries - std::exchange(session->enquiries_seen, enquiries);
  if (session->client != nullptr) pump(*session->client, now);
}

void Smsc::closed(SessionId id, Time now) {
  auto* session = find(id);
  if (session == nullptr) return;
  note(*session, "closed");
  session->line.on_closed(now);
  session->cut = false;  // now its end is told
  take_events(*session, now);
  sessions_.erase(id);
}

// The session no longer belongs to its account. What it has not answered goes to others, or waits for one.
void Smsc::leave(Session& session, Time now) {
  auto* client = session.client;
  if (client == nullptr) return;
  session.client = nullptr;
  std::erase(client->bound, &session);
  std::erase(client->receivers, &session);
  client->ready.insert(client->ready.begin(), session.unanswered.begin(), session.unanswered.end());
  pump(*client, now);
}

void Smsc::cut_off(Session& session) {
  session.cut = true;
  session.line.abort(smpp::LostReason::local);
  look_after(session);
}

void Smsc::cut(SessionId id) {
  if (auto* session = find(id)) cut_off(*session);
}

void Smsc::unbind(SessionId id, Time now) {
  auto* session = find(id);
  if (session == nullptr || !session->line.is_bound()) return;
  session->line.unbind(now);
  std::erase(session->client->receivers, session);
  look_after(*session);
}

void Smsc::unbind_all(Time now) {
  for (const auto id : sessions()) unbind(id, now);
}

std::vector<Smsc::SessionId> Smsc::sessions() const {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  std::ranges::sort(ids);
  return ids;
}

std::size_t Smsc::bound_sessions() const {
  std::size_t count = 0;
  for (const auto& [name, client] : clients_) count += client->bound.size();
  return count;
}

// Output

std::span<const std::uint8_t> Smsc::output(SessionId id) const {
  const auto* session = find(id);
  return session == nullptr ? smpp::Octets() : session->line.output();
}

void Smsc::wrote(SessionId id, std::size_t count) {
  if (auto* session = find(id)) session->line.wrote(count);
}

bool Smsc::wants_close(SessionId id) const {
  const auto* session = find(id);
  return session != nullptr && session->line.is_lost();
}

bool Smsc::is_cut(SessionId id) const {
  const auto* session = find(id);
  return session != nullptr && session->cut;
}

bool Smsc::wants_read(SessionId id) const {
  const auto* session = find(id);
  return session != nullptr && session->line.wants_read();
}

std::vector<Smsc::SessionId> Smsc::sessions_with_output() {
  std::vector<SessionId> ids;
  ids.swap(touched_);
  for (const auto id : ids)
    if (auto* session = find(id)) session->is_touched = false;
  std::erase_if(ids, [this](SessionId id) { return find(id) == nullptr; });
  return ids;
}

// Time

std::optional<Time> Smsc::next_deadline() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().due;
}

void Smsc::on_deadline(Time now) {
  while (!events_.empty() && events_.top().due <= now) {
    const auto event = events_.top();
    events_.pop();
    if (event.what == Due::receipt) {
      auto& client = *receipts_[event.subject].client;
      client.ready.push_back(static_cast<std::uint32_t>(event.subject));
      pump(client, now);
      continue;
    }
    auto* session = find(event.subject);
    if (session == nullptr || session->line.is_lost()) continue;
    switch (event.what) {
      case Due::answer:
        answer_submit(*session, event.request, event.status, event.message_number);
        take_events(*session, now);
        break;
      case Due::cut:
        ++counts_.disconnects;
        note(*session, "cut instead of an answer");
        cut_off(*session);
        break;
      case Due::line:
        on_deadline_of(*session, event.due, now);
        break;
      case Due::receipt:
        break;
    }
  }
}

void Smsc::on_deadline_of(Session& session, Time due, Time now) {
  if (session.planned == due) session.planned.reset();
  const bool unbinds = session.line.state() == smpp::SessionState::unbinding;
  session.line.on_deadline(now);
  if (unbinds && session.line.is_lost()) note(session, "no answer to the unbind");
  take_events(session, now);
  if (session.client != nullptr) pump(*session.client, now);
}

void Smsc::plan(Time due, Due what, std::uint64_t subject) {
  Event event;
  event.due = due;
  event.what = what;
  event.subject = subject;
  plan(event);
}

void Smsc::plan(Event event) {
  event.order = ++last_order_;
  events_.push(event);
}

// What the client does

void Smsc::take_events(Session& session, Time now) {
  look_after(session);
  while (!session.cut) {
    const auto event = session.line.next_event();
    if (!event) break;
    std::visit([&](const auto& each) { on(session, each, now); }, *event);
    look_after(session);
  }
  look_after(session);
}

// Whatever was done to a session may have left output, its end or a deadline.
void Smsc::look_after(Session& session) {
  const bool has_output =
      session.line.octets_queued() != std::exchange(session.octets_seen, session.line.octets_queued());
  const bool has_ended = session.line.is_lost() && !std::exchange(session.end_seen, true);
  if (has_output || has_ended) touch(session);
  const auto due = session.line.next_deadline();
  if (!due || (session.planned && *session.planned <= *due)) return;
  session.planned = due;
  plan(*due, Due::line, session.id);
}

void Smsc::on(Session& session, const ServerSession::BindWanted& wanted, Time now) {
  const auto refuse = [&](std::uint32_t status, std::string_view why) {
    ++counts_.binds_refused;
    note(session, why);
    session.line.answer_bind(status, now);
  };
  if (options_.bind_status != 0) return refuse(options_.bind_status, "bind refused: it is to be");
  if (!options_.transceivers && wanted.kind == smpp::SessionState::bound_trx)
    return refuse(smpp::status_invalid_command_id, "bind refused: a transceiver, and this centre speaks SMPP 3.3");
  const auto& bind = wanted.bind;
  const auto account = std::ranges::find(options_.accounts, bind.system_id, &Account::system_id);
  if (!options_.accounts.empty() && account == options_.accounts.end())
    return refuse(smpp::status_invalid_system_id, "bind refused: unknown system_id");
  if (!options_.accounts.empty() && account->password != bind.password)
    return refuse(smpp::status_invalid_password, "bind refused: wrong password");
  auto found = clients_.find(bind.system_id);
  if (found == clients_.end()) {
    auto made = std::make_unique<Client>();
    made->system_id = bind.system_id;
    found = clients_.emplace(made->system_id, std::move(made)).first;
  }
  auto& client = *found->second;
  if (options_.sessions_max != 0 && client.bound.size() >= options_.sessions_max)
    return refuse(smpp::status_already_bound, "bind refused: too many sessions of this account");
  session.line.answer_bind(smpp::status_ok, now);
  session.client = &client;
  client.bound.push_back(&session);
  if (session.line.may_deliver()) client.receivers.push_back(&session);
  ++counts_.binds;
  note(session, "bound as " + client.system_id);
  if (session.line.may_deliver()) give_phone_parts(client, now);
}

void Smsc::on(Session& session, const ServerSession::Asked& asked, Time now) {
  counts_.queries += asked.id.command == Command::query_sm;
  counts_.cancels += asked.id.command == Command::cancel_sm;
  if (chance_.happens(options_.swallow_questions)) return session.line.forget(asked.id);
  const auto* query = std::get_if<smpp::QuerySm>(&asked.body);
  if (query && options_.keeps > 0) return answer_query(session, asked.id, *query, now);
  const auto* cancel = std::get_if<smpp::CancelSm>(&asked.body);
  if (cancel && options_.keeps > 0) return answer_cancel(session, asked.id, *cancel, now);
  // A centre that keeps no message finds nothing. And submit_multi is legal but not built.
  const auto status = asked.id.command == Command::query_sm     ? smpp::status_query_failed
                      : asked.id.command == Command::cancel_sm  ? smpp::status_cancel_failed
                      : asked.id.command == Command::replace_sm ? smpp::status_replace_failed
                                                                : smpp::status_invalid_command_id;
  session.line.answer(asked.id, status);
}

void Smsc::on(Session&, const ServerSession::DeliveryAnswered& answered, Time now) {
  const auto place = static_cast<std::uint32_t>(answered.cookie);
  if (answered.status == smpp::status_ok && !answered.nack) {
    ++(receipts_[place].phone ? counts_.phone_parts_answered : counts_.receipts_answered);
    return free_receipt(place);
  }
  if (!receipts_[place].phone) ++counts_.receipts_refused;
  plan(now + options_.receipt_retry, Due::receipt, place);
}

void Smsc::on(Session& session, const ServerSession::Undelivered& undelivered, Time) {
  const auto place = static_cast<std::uint32_t>(undelivered.cookie);
  if (!undelivered.timed_out)
    session.unanswered.push_back(place);
  else if (session.client != nullptr)
    session.client->ready.push_back(place);
}

void Smsc::on(Session&, const ServerSession::LateAnswer&, Time) { ++counts_.late_answers; }

void Smsc::on(Session& session, const ServerSession::Nacked&, Time) {
  ++counts_.nacks;
  note(session, "generic_nack received");
}

// A centre is not always so patient as to answer what is under way.
void Smsc::on(Session& session, const ServerSession::UnbindWanted&, Time) {
  ++counts_.unbinds;
  note(session, "unbound");
  session.line.forget_all();
}

void Smsc::on(Session& session, const ServerSession::UnbindAnswered&, Time) {
  if (!options_.answers_after_unbind) session.line.forget_all();
}

void Smsc::on(Session& session, const ServerSession::Refused& refused, Time now) {
  const auto command = static_cast<Command>(refused.command_id);
  const bool is_submit = command == Command::submit_sm || command == Command::data_sm;
  if (is_submit && refused.status != smpp::status_ok) count_submit(now);
  if (is_submit && refused.status == smpp::status_queue_full) ++counts_.queue_full;
  if (smpp::is_bind(command) && refused.status != smpp::status_ok) ++counts_.binds_refused;
  if (refused.breach) breach(session, refused.detail);
}

void Smsc::on(Session& session, const ServerSession::Lost& lost, Time now) {
  if (lost.reason == smpp::LostReason::bind_timeout) note(session, "no bind in time");
  leave(session, now);
}

// The rest

Smsc::Session* Smsc::find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Smsc::touch(Session& session) {
  if (session.is_touched) return;
  session.is_touched = true;
  touched_.push_back(session.id);
}

void Smsc::breach(Session& session, std::string_view what) {
  ++counts_.protocol_errors;
  if (on_note) on_note(session.id, fmt::format("protocol error: {}", what));
}

void Smsc::note(Session& session, std::string_view what) {
  if (on_note) on_note(session.id, what);
}

}  // namespace smsbridge::bridge::smsc_sim
