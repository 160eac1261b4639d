// SPDX-License-Identifier: MPL-2.0
// What becomes of messages: refused, swallowed or taken, answered, and their receipts.
#include <algorithm>
#include <tuple>
#include <utility>

#include "bridge/smsc_sim/glob.hpp"
#include "bridge/smsc_sim/smsc_session.hpp"
#include "smpp/content.hpp"
#include "smpp/status.hpp"
#include "smpp/submit_rules.hpp"

namespace smsbridge::bridge::smsc_sim {

using smpp::MessageState;
using smpp::ServerSession;

namespace {

constexpr auto early_receipt_lead = std::chrono::milliseconds(10);  // of a receipt that comes before the response
constexpr std::size_t quote_size = 20;                              // SMPP 3.4 appendix B

}  // namespace

// Submits

void Smsc::count_submit(Time now) {
  ++counts_.submits;
  if (!counts_.first_submit) counts_.first_submit = now;
  counts_.last_submit = now;
}

void Smsc::on(Session& session, const ServerSession::Submitted& submitted, Time now) {
  count_submit(now);
  ++session.submits_in_read;
  counts_.window_max = std::max(counts_.window_max, std::max(session.submits_in_read, session.line.owed()));
  if (const auto status = refusal(session, submitted.message, now))
    return answer_later(session, submitted.id, status, now);
  if (chance_.happens(options_.disconnect_before) || is_poison(submitted.message)) {
    ++counts_.disconnects_before;
    note(session, "cut before a message was taken");
    return cut_off(session);
  }
  accept(session, submitted, now);
}

// The status that refuses a message, or 0.
std::uint32_t Smsc::refusal(Session& session, const smpp::Message& message, Time now) {
  const auto data = smpp::split_user_data(message.payload(), message.esm_class);
  if (const auto breached = smpp::breach_of(message, data, smpp::part_of(message, data)); breached.status != 0) {
    breach(session, breached.reason);
    return breached.status;
  }
  if (options_.throttle_rate > 0 && !session.client->bucket.take(options_.throttle_rate, now)) {
    ++counts_.throttled;
    return smpp::status_throttled;
  }
  for (const auto& [pattern, status] : options_.reject) {
    if (!glob_matches(pattern, message.destination.digits)) continue;
    ++counts_.rejected;
    return status;
  }
  if (chance_.happens(options_.error_rate)) {
    ++counts_.errors;
    return options_.error_status;
  }
  return 0;
}

bool Smsc::is_poison(const smpp::Message& message) const {
  return !options_.poison.empty() && glob_matches(options_.poison, message.destination.digits);
}

void Smsc::tell_taken(Session& session, const smpp::Message& message, std::uint64_t number) {
  if (!on_taken) return;
  const auto data = smpp::split_user_data(message.payload(), message.esm_class);
  const auto part = smpp::part_of(message, data);
  IdBuffer id;
  taken_.number = number;
  taken_.message_id = write_id(id, options_.response_id, options_.first_id + number - 1);
  taken_.source = message.source.digits;
  taken_.destination = message.destination.digits;
  taken_.text = smpp::utf8_of(data, message.data_coding, options_.dialect);
  taken_.esm_class = message.esm_class;
  taken_.data_coding = message.data_coding;
  taken_.reference = part.reference;
  taken_.part = part.number;
  taken_.parts = part.total;
  taken_.session = session.id;
  on_taken(taken_);
}

void Smsc::accept(Session& session, const ServerSession::Submitted& submitted, Time now) {
  ++counts_.accepted;
  const auto number = ++last_number_;
  tell_taken(session, submitted.message, number);
  auto answer_due = now + chance_.drawn(options_.response_delay, options_.response_jitter);
  auto receipt_due = answer_due + chance_.drawn(options_.receipt_delay, options_.receipt_jitter);
  if (chance_.happens(options_.receipt_before_response)) {
    receipt_due = now;
    answer_due = std::max(answer_due, now + early_receipt_lead);
  }
  Event event;
  event.due = answer_due;
  event.subject = session.id;
  event.message_number = number;
  event.request = submitted.id;
  if (chance_.happens(options_.swallow)) {
    ++counts_.swallowed;
    session.line.forget(submitted.id);
  } else if (chance_.happens(options_.disconnect)) {
    event.what = Due::cut;
    session.line.forget(submitted.id);
    plan(event);
  } else if (answer_due <= now) {
    answer_submit(session, event.request, 0, number);
  } else {
    plan(event);
  }
  // After the answer, so that the receipt follows it even without any delay.
  plan_receipts(session, submitted.message, number, receipt_due, now);
}

// A refusal takes as long as a consent.
void Smsc::answer_later(Session& session, RequestId request, std::uint32_t status, Time now) {
  const auto due = now + chance_.drawn(options_.response_delay, options_.response_jitter);
  if (due <= now) return answer_submit(session, request, status, 0);
  Event event;
  event.due = due;
  event.subject = session.id;
  event.status = status;
  event.request = request;
  plan(event);
}

void Smsc::answer_submit(Session& session, RequestId request, std::uint32_t status, std::uint64_t message_number) {
  if (status != 0) return session.line.answer(request, status);
  IdBuffer id;
  const smpp::MessageResp body{write_id(id, options_.response_id, options_.first_id + message_number - 1), {}};
  std::ignore = session.line.answer(request, body);  // an id always fits
}

// Receipts

bool Smsc::wants_receipt(const smpp::Message& message, MessageState state) const {
  if (options_.receipts == Receipts::off) return false;
  if (options_.receipts == Receipts::always) return true;
  const bool is_delivered = state == MessageState::delivered;
  switch (message.registered_delivery & 0x03) {  // SMPP 3.4 section 5.2.17, the last one 5.0
    case 1:
      return true;
    case 2:
      return !is_delivered;
    case 3:
      return is_delivered;
    default:
      return false;
  }
}

void Smsc::plan_receipts(Session& session, const smpp::Message& message, std::uint64_t message_number, Time due,
                         Time now) {
  const auto state = chance_.outcome(options_.outcomes);
  auto* const kept = keep(message, message_number, state, due);
  if (!wants_receipt(message, state)) return;
  if (chance_.happens(options_.receipt_lost)) {
    ++counts_.receipts_lost;
    return;
  }
  const int copies = chance_.happens(options_.receipt_twice) ? 2 : 1;
  if (copies == 2) ++counts_.receipts_twice;
  for (int copy = 0; copy < copies; ++copy) {
    if (receipts_waiting() >= receipts_max) {
      ++counts_.receipts_dropped;
      return;
    }
    const auto place = free_place();
    auto& receipt = receipts_[place];
    receipt = {};
    receipt.client = session.client;
    receipt.session = session.id;
    receipt.message_number = message_number;
    receipt.state = state;
    receipt.source = {message.source.ton, message.source.npi, std::string(message.source.digits)};
    receipt.destination = {message.destination.ton, message.destination.npi, std::string(message.destination.digits)};
    const auto data = smpp::split_user_data(message.payload(), message.esm_class);
    smpp::append_quote(receipt.quote, data.body, message.data_coding, quote_size);
    receipt.submitted = now;
    receipt.done = due;
    if (kept) kept->receipts.push_back(place);
    ++counts_.receipts_due;
    if (due <= now && copy == 0)
      session.client->ready.push_back(place);
    else
      plan(due + copy * options_.receipt_delay, Due::receipt, place);
  }
}

// Questions (SMPP 3.4 sections 4.8 and 4.9)

Smsc::Kept* Smsc::keep(const smpp::Message& message, std::uint64_t message_number, MessageState state, Time done) {
  if (options_.keeps == 0) return nullptr;
  while (kept_order_.size() >= options_.keeps) {
    kept_.erase(kept_order_.front());
    kept_order_.pop_front();
  }
  IdBuffer buffer;
  std::string id(write_id(buffer, options_.response_id, options_.first_id + message_number - 1));
  kept_order_.push_back(id);
  return &(kept_[std::move(id)] = {.source = std::string(message.source.digits),
                                   .destination = std::string(message.destination.digits),
                                   .done = done,
                                   .state = state,
                                   .number = message_number,
                                   .receipts = {}});
}

// Nothing: there is none, or it is another sender's.
Smsc::Kept* Smsc::kept_as(std::string_view message_id, std::string_view source) {
  const auto found = kept_.find(std::string(message_id));
  return found != kept_.end() && found->second.source == source ? &found->second : nullptr;
}

void Smsc::answer_query(Session& session, RequestId request, const smpp::QuerySm& query, Time now) {
  const auto* kept = kept_as(query.message_id, query.source.digits);
  if (!kept) return session.line.answer(request, smpp::status_query_failed);
  const auto state = kept->done <= now ? kept->state : MessageState::enroute;
  const smpp::QuerySmResp body{
      .message_id = query.message_id, .final_date = {}, .message_state = static_cast<std::uint8_t>(state), .tlvs = {}};
  std::ignore = session.line.answer(request, body);  // an id that was read fits
}

// What was not delivered yet never is, and its receipt says so.
void Smsc::answer_cancel(Session& session, RequestId request, const smpp::CancelSm& cancel, Time now) {
  auto* const kept = kept_as(cancel.message_id, cancel.source.digits);
  if (!kept || kept->done <= now ||
      (!cancel.destination.digits.empty() && cancel.destination.digits != kept->destination))
    return session.line.answer(request, smpp::status_cancel_failed);
  kept->done = now;
  kept->state = MessageState::deleted;
  for (const auto place : kept->receipts)
    if (auto& receipt = receipts_[place]; receipt.message_number == kept->number && !receipt.sent)
      receipt.state = MessageState::deleted;
  session.line.answer(request, smpp::status_ok);
}

bool Smsc::from_phone(std::string_view from, std::string_view to, std::string_view text, Time now) {
  auto parts = parts_of(from, to, text, ++last_reference_);
  if (parts.empty()) return false;
  for (auto& part : parts) phone_parts_.push_back(std::move(part));
  for (const auto& [name, client] : clients_)
    if (!client->receivers.empty()) {
      give_phone_parts(*client, now);
      break;
    }
  return true;
}

// From here on they are this account's, as its receipts are.
void Smsc::give_phone_parts(Client& client, Time now) {
  for (auto& part : std::exchange(phone_parts_, {})) {
    const auto place = free_place();
    receipts_[place] = {};
    receipts_[place].client = &client;
    receipts_[place].phone = std::move(part);
    client.ready.push_back(place);
  }
  pump(client, now);
}

std::uint32_t Smsc::free_place() {
  if (free_receipts_.empty()) {
    receipts_.emplace_back();
    return static_cast<std::uint32_t>(receipts_.size() - 1);
  }
  const auto place = free_receipts_.back();
  free_receipts_.pop_back();
  return place;
}

void Smsc::pump(Client& client, Time now) {
  while (!client.ready.empty()) {
    const auto place = client.ready.front();
    auto* session = receiver_for(client, receipts_[place]);
    if (session == nullptr) return;
    client.ready.pop_front();
    send_receipt(*session, place, now);
  }
}

// Nothing when all that may have it are busy, or none is there.
Smsc::Session* Smsc::receiver_for(Client& client, const OwnedReceipt& receipt) {
  const auto& receivers = client.receivers;
  const auto is_free = [](const Session* session) {
    return session->line.window_free() > 0 && !session->line.is_lost();
  };
  const auto own = std::ranges::find(receivers, receipt.session, &Session::id);
  const bool avoid_own = options_.receipts_on_other_session && own != receivers.end() && receivers.size() > 1;
  if (!avoid_own && own != receivers.end() && is_free(*own)) return *own;
  for (std::size_t tried = 0; tried < receivers.size(); ++tried) {
    auto* session = receivers[client.next_receiver++ % receivers.size()];
    if (is_free(session) && !(avoid_own && session == *own)) return session;
  }
  return nullptr;
}

void Smsc::send_receipt(Session& session, std::uint32_t place, Time now) {
  auto& receipt = receipts_[place];
  smpp::Message of_phone;
  if (receipt.phone) of_phone = receipt.phone->message();
  const auto& delivery =
      receipt.phone ? of_phone : receipt_message_.write(receipt, session.line.interface_version(), options_);
  if (session.line.deliver(delivery, place, now) != ServerSession::DeliverResult::queued) {
    ++counts_.receipts_dropped;  // an address of data_sm that deliver_sm has no room for
    return free_receipt(place);
  }
  ++(receipt.phone ? counts_.phone_parts_sent : counts_.receipts_sent);
  if (receipt.sent && !receipt.phone) ++counts_.receipts_repeated;
  receipt.sent = true;
  look_after(session);
}

void Smsc::free_receipt(std::uint32_t place) { free_receipts_.push_back(place); }

}  // namespace smsbridge::bridge::smsc_sim
