// SPDX-License-Identifier: MPL-2.0
#include "store/codec.hpp"

#include <algorithm>

#include "store/record_octets.hpp"

namespace smsbridge::store {
namespace {

using record::In, record::Out, record::record_version;

template <class Enum>
std::uint8_t octet(Enum value) {
  return static_cast<std::uint8_t>(value);
}

}  // namespace

void encode(const Content& c, std::string& out) {
  Out o(out);
  o.put(record_version).put(octet(c.lane)).put(octet(c.source)).put(octet(c.encoding)).put(c.parts);
  o.put(c.tenant).put(c.gateway).put(c.created_at).put(c.due_at).put(c.expires_at).put(c.digest);
  o.put(c.client_ref).put(c.idempotency_key).put(c.from).put(c.to).put(c.text).put(c.target_user).put(c.triggered_by);
  o.put(c.route).put(c.way);
  o.put(std::uint8_t{c.flash})
      .put(std::uint8_t{c.transliterated})
      .put(c.replaced)
      .put(c.octets)
      .put(c.header)
      .put(c.data_coding);
  const auto tlvs = std::min<std::size_t>(c.tlvs.size(), 0xFF);
  o.put(static_cast<std::uint8_t>(tlvs));
  for (std::size_t i = 0; i < tlvs; ++i) o.put(c.tlvs[i].tag).put(c.tlvs[i].value);
  const bool at_night = c.at_night != AtNight::by_lane;
  if (at_night || !c.made_by.empty()) o.put(c.made_by);
  if (at_night) o.put(octet(c.at_night));
}

Content decode_content(std::string_view record) {
  In in(record, "message");
  Content c;
  c.lane = in.get_enum<Lane>(lane_count);
  c.source = in.get_enum<Source>(source_count);
  c.encoding = in.get_enum<Encoding>(encoding_count);
  c.parts = in.get<std::uint8_t>();
  c.tenant = in.get<TenantId>();
  c.gateway = in.get<GatewayId>();
  c.created_at = in.get<WallMs>();
  c.due_at = in.get<WallMs>();
  c.expires_at = in.get<WallMs>();
  c.digest = in.get<std::uint64_t>();
  c.client_ref = in.text();
  c.idempotency_key = in.text();
  c.from = in.text();
  c.to = in.text();
  c.text = in.text();
  c.target_user = in.text();
  c.triggered_by = in.text();
  if (in.has_routes()) c.route = in.get<RouteId>();
  if (in.version() >= 3) c.way = in.text();
  if (in.version() < 4) return c;
  c.flash = in.get<std::uint8_t>() != 0;
  c.transliterated = in.get<std::uint8_t>() != 0;
  c.replaced = in.get<std::uint16_t>();
  c.octets = in.text();
  c.header = in.text();
  c.data_coding = in.get<std::int16_t>();
  if (in.version() < 5) return c;
  c.tlvs.resize(in.get<std::uint8_t>());
  for (auto& tlv : c.tlvs) {
    tlv.tag = in.get<std::uint16_t>();
    tlv.value = in.text();
  }
  // Most are made of no template, and end here.
  if (!in.is_read()) c.made_by = in.text();
  if (!in.is_read()) c.at_night = in.get_enum<AtNight>(at_night_count);
  return c;
}

Owner decode_owner(std::string_view record) {
  In in(record, "message");
  Owner owner;
  owner.queue.lane = in.get_enum<Lane>(lane_count);
  in.take(2);  // source, encoding
  owner.parts = in.get<std::uint8_t>();
  owner.queue.tenant = in.get<TenantId>();
  owner.queue.gateway = in.get<GatewayId>();
  in.take(4 * 8);  // three times, digest
  for (int skipped = 0; skipped < 3; ++skipped) in.view();
  owner.to = in.view();
  return owner;
}

void encode(const Progress& p, std::string& out) {
  Out o(out);
  o.put(record_version).put(octet(p.state)).put(octet(p.maybe_duplicate)).put(p.attempts);
  o.put(p.attempts_before).put(p.gateway);
  o.put(p.due_at).put(p.expires_at).put(p.submitted_at).put(p.finished_at).put(p.status_message);
  o.put(static_cast<std::uint8_t>(p.segments.size()));
  for (const auto& s : p.segments) o.put(octet(s.state)).put(s.provider_id).put(s.error);
  o.put(static_cast<std::uint8_t>(p.events.size()));
  for (const auto& e : p.events) o.put(e.at).put(octet(e.kind)).put(e.gateway).put(e.attempt).put(e.detail);
  o.put(p.queue_gateway).put(p.when_silent).put(p.doubtful_attempt).put(static_cast<std::uint8_t>(p.left.size()));
  for (const auto gateway : p.left) o.put(gateway);
}

Progress decode_progress(std::string_view record) {
  In in(record, "progress");
  Progress p;
  p.state = in.get_enum<State>(state_count);
  p.maybe_duplicate = in.get<std::uint8_t>() != 0;
  p.attempts = in.get<std::uint16_t>();
  p.attempts_before = in.get<std::uint16_t>();
  p.gateway = in.get<GatewayId>();
  p.due_at = in.get<WallMs>();
  p.expires_at = in.get<WallMs>();
  p.submitted_at = in.get<WallMs>();
  p.finished_at = in.get<WallMs>();
  p.status_message = in.text();
  p.segments.resize(in.get<std::uint8_t>());
  for (auto& s : p.segments) {
    s.state = in.get_enum<SegmentState>(segment_state_count);
    s.provider_id = in.text();
    s.error = in.text();
  }
  p.events.resize(in.get<std::uint8_t>());
  for (auto& e : p.events) {
    e.at = in.get<WallMs>();
    e.kind = in.get_enum<EventKind>(event_kind_count);
    e.gateway = in.get<GatewayId>();
    e.attempt = in.get<std::uint16_t>();
    e.detail = in.text();
  }
  if (in.has_routes()) {
    p.queue_gateway = in.get<GatewayId>();
    p.when_silent = in.get<GatewayId>();
    p.doubtful_attempt = in.get<std::uint16_t>();
    p.left.resize(in.get<std::uint8_t>());
    for (auto& gateway : p.left) gateway = in.get<GatewayId>();
  }
  return p;
}

void encode(const ParkedReceipt& parked, std::string& out) {
  const auto& r = parked.receipt;
  Out o(out);
  o.put(record_version)
      .put(r.gateway)
      .put(octet(r.state))
      .put(std::uint8_t{r.whole_message})
      .put(r.error)
      .put(r.destination)
      .put(r.quote);
  o.put(static_cast<std::uint8_t>(std::min(r.as_given, r.provider_ids.size())));
  o.put(static_cast<std::uint8_t>(r.provider_ids.size()));
  for (const auto& id : r.provider_ids) o.put(id);
  o.put(r.message).put(r.attempt);
  o.put(r.other_address).put(static_cast<std::uint8_t>(std::min<std::size_t>(r.account.size(), 255)));
  for (std::size_t i = 0; i < r.account.size() && i < 255; ++i) o.put(r.account[i]);
  o.put(static_cast<std::uint8_t>(parked.given_up ? 1 + octet(*parked.given_up) : 0)).put(r.word);
}

ParkedReceipt decode_parked(std::string_view record) {
  In in(record, "parked receipt");
  ParkedReceipt parked;
  auto& r = parked.receipt;
  r.gateway = in.get<GatewayId>();
  r.state = in.get_enum<SegmentState>(segment_state_count);
  r.whole_message = in.get<std::uint8_t>() != 0;
  r.error = in.text();
  r.destination = in.text();
  r.quote = in.text();
  r.as_given = in.get<std::uint8_t>();
  r.provider_ids.resize(in.get<std::uint8_t>());
  for (auto& id : r.provider_ids) id = in.text();
  if (in.has_routes()) {
    r.message = in.get<MessageId>();
    r.attempt = in.get<std::uint16_t>();
  }
  if (in.version() >= 3) {
    r.other_address = in.text();
    r.account.resize(in.get<std::uint8_t>());
    for (auto& gateway : r.account) gateway = in.get<GatewayId>();
  }
  // Records of before receipts were given up end here, whatever their version.
  if (in.is_read()) return parked;
  if (const auto given_up = in.get_enum<std::uint8_t>(1 + unmatched_count))
    parked.given_up = static_cast<Unmatched>(given_up - 1);
  r.word = in.text();
  return parked;
}

void encode(const std::vector<LeasedMessage>& messages, std::string& out) {
  Out o(out);
  o.put(record_version).put(static_cast<std::uint32_t>(messages.size()));
  for (const auto& m : messages) o.put(m.id).put(m.attempt);
}

std::vector<LeasedMessage> decode_leased(std::string_view record) {
  In in(record, "claim");
  const auto count = in.get<std::uint32_t>();
  std::vector<LeasedMessage> messages;
  for (std::uint32_t i = 0; i < count; ++i) {
    LeasedMessage m;
    m.id = in.get<MessageId>();
    m.attempt = in.get<std::uint16_t>();
    messages.push_back(m);
  }
  return messages;
}

void encode(const DueEntry& entry, std::string& out) {
  Out(out).put(record_version).put(octet(entry.in_doubt)).put(octet(entry.has_progress)).put(entry.expires_at);
}

DueEntry decode_due(std::string_view record) {
  In in(record, "queue entry");
  DueEntry entry;
  entry.in_doubt = in.get<std::uint8_t>() != 0;
  entry.has_progress = in.get<std::uint8_t>() != 0;
  entry.expires_at = in.get<WallMs>();
  return entry;
}

void encode(const Reference& reference, std::string& out) {
  Out(out).put(record_version).put(reference.id).put(reference.digest);
}

Reference decode_reference(std::string_view record) {
  In in(record, "reference");
  Reference reference;
  reference.id = in.get<MessageId>();
  reference.digest = in.get<std::uint64_t>();
  return reference;
}

void encode(const StateCounts& counts, std::string& out) {
  Out o(out);
  o.put(record_version);
  for (const auto count : counts) o.put(count);
}

StateCounts decode_counts(std::string_view record) {
  StateCounts counts{};
  // What was written before these records had a version.
  if (record.size() == sizeof(counts)) {
    std::memcpy(counts.data(), record.data(), sizeof(counts));
    return counts;
  }
  In in(record, "counts");
  for (auto& count : counts) count = in.get<std::int64_t>();
  return counts;
}

void encode(const Usage& usage, std::string& out) {
  Out(out)
      .put(record_version)
      .put(usage.submitted)
      .put(usage.accepted)
      .put(usage.parts)
      .put(usage.delivered)
      .put(usage.failed)
      .put(usage.price)
      .put(usage.unpriced);
}

Usage decode_usage(std::string_view record) {
  constexpr std::size_t without_unpriced = 6 * sizeof(std::int64_t), without_version = 7 * sizeof(std::int64_t);
  std::string versioned;
  const bool is_old = record.size() == without_unpriced || record.size() == without_version;
  if (is_old) {
    versioned = static_cast<char>(record_version) + std::string(record);
    versioned.resize(1 + without_version);
  }
  In in(is_old ? versioned : record, "usage");
  Usage usage;
  for (auto* const field : {&usage.submitted, &usage.accepted, &usage.parts, &usage.delivered, &usage.failed,
                            &usage.price, &usage.unpriced})
    *field = in.get<std::int64_t>();
  // What was written before they were counted: with a price all had one.
  if (record.size() == without_unpriced && usage.price == 0) usage.unpriced = usage.accepted;
  return usage;
}

void encode(const ObjectRecord& object, std::string& out) {
  Out(out).put(record_version).put(object.revision).put_rest(object.value);
}

ObjectRecord decode_object(std::string_view record) {
  constexpr char first_printable = ' ';
  if (record.empty() || static_cast<unsigned char>(record[0]) >= first_printable)
    return {.revision = 1, .value = std::string(record)};
  In in(record, "object");
  ObjectRecord object;
  object.revision = in.get<std::uint64_t>();
  object.value = in.rest();
  return object;
}

void encode(const TaskRecord& task, std::string& out) {
  Out(out).put(record_version).put(task.due_at).put(task.attempts).put_rest(task.body);
}

TaskRecord decode_task(std::string_view record) {
  In in(record, "task");
  TaskRecord task;
  task.due_at = in.get<WallMs>();
  task.attempts = in.get<std::uint16_t>();
  task.body = in.rest();
  return task;
}

void encode(const TaskLease& lease, std::string& out) {
  Out(out).put(record_version).put(lease.lease).put(lease.attempt);
}

TaskLease decode_task_lease(std::string_view record) {
  In in(record, "lease of a task");
  TaskLease lease;
  lease.lease = in.get<std::uint64_t>();
  lease.attempt = in.get<std::uint16_t>();
  return lease;
}

void encode(const JournalRecord& line, std::string& out) {
  Out(out).put(record_version).put(line.key).put_rest(line.body);
}

JournalRecord decode_journal(std::string_view record) {
  In in(record, "line of the journal");
  JournalRecord line;
  line.key = in.text();
  line.body = in.rest();
  return line;
}

void encode(const MarkRecord& mark, std::string& out) {
  Out(out).put(record_version).put(mark.expires_at).put_rest(mark.value);
}

MarkRecord decode_mark(std::string_view record) {
  In in(record, "mark");
  MarkRecord mark;
  mark.expires_at = in.get<WallMs>();
  mark.value = in.rest();
  return mark;
}

}  // namespace smsbridge::store
