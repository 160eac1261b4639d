// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_centre.hpp"

#include "smpp/content.hpp"
#include "smpp/receipt.hpp"
#include "smpp/status.hpp"

namespace smsbridge::simulation {

SimCentre::SimCentre(std::size_t gateway, const std::vector<std::uint16_t>& ports, bridge::smsc_sim::Options options,
                     SimClock& clock, SimNetwork& network, Observer observer)
    : gateway_(gateway), clock_(clock), network_(network), observer_(std::move(observer)), smsc_(std::move(options)) {
  for (const auto port : ports) network_.listen(port, hosts_.emplace_back(*this, port));
  smsc_.on_taken = [this](const bridge::smsc_sim::Smsc::Taken& message) {
    auto& part = taken_.emplace_back();
    part.gateway = gateway_;
    part.provider_id = smpp::canonical_id(message.message_id);
    part.destination = message.destination;
    part.text = message.text;
    part.part = message.part;
    part.parts = message.parts;
    part.taken_at = clock_.now();
    part.session = message.session;
    by_response_id_[part.provider_id] = &part;
    const auto& o = smsc_.options();
    bridge::smsc_sim::IdBuffer buffer;
    const auto in_receipt = write_id(buffer, o.receipt_id.value_or(o.response_id), o.first_id + message.number - 1);
    by_receipt_id_[smpp::canonical_id(in_receipt)] = &part;
    observer_.taken(part);
  };
  smsc_.on_note = [this](std::uint64_t, std::string_view note) {
    if (note.starts_with("protocol error")) observer_.protocol_error(std::string(note));
  };
}

TakenPart* SimCentre::find(const std::string& provider_id) {
  const auto found = by_response_id_.find(provider_id);
  return found == by_response_id_.end() ? nullptr : found->second;
}

TakenPart* SimCentre::find_by_receipt_id(const std::string& provider_id) {
  const auto found = by_receipt_id_.find(provider_id);
  return found == by_receipt_id_.end() ? nullptr : found->second;
}

// The network numbers its connections in the order in which they are accepted.
std::uint64_t SimCentre::accepted(const Host& host) {
  const auto session = smsc_.connected(clock_.now());
  lines_[session].host = &host;
  lines_[session].connection = network_.connections();
  after();
  return session;
}

void SimCentre::received(std::uint64_t session, const std::string& octets) {
  const auto line = lines_.find(session);
  if (line == lines_.end()) return;
  listen_to_client(line->second, octets);
  smsc_.options().bind_status = line->second.host->bind_status;
  smsc_.received(session, smpp::Octets(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()),
                 clock_.now());
  after();
}

void SimCentre::closed(std::uint64_t session) {
  lines_.erase(session);
  smsc_.closed(session, clock_.now());
  after();
}

void SimCentre::hang_up() {
  smsc_.unbind_all(clock_.now());
  after();
}

void SimCentre::from_phone(const std::string& from, const std::string& to, const std::string& text) {
  smsc_.from_phone(from, to, text, clock_.now());
  after();
}

void SimCentre::set_down(bool down) {
  for (const auto& host : hosts_) network_.set_down(host.port, down);
}

void SimCentre::set_host_down(std::size_t host, bool down) { network_.set_down(hosts_[host].port, down); }

void SimCentre::heal() {
  set_down(false);
  for (auto& host : hosts_) host.bind_status = 0;
  auto& o = smsc_.options();
  o.reject.clear();
  o.swallow_questions = 0;
  o.throttle_rate = o.error_rate = o.swallow = o.disconnect = o.disconnect_before = 0;
  o.receipt_before_response = o.receipt_twice = o.receipt_lost = 0;
  o.poison.clear();
  o.sessions_max = 0;
  o.response_delay = o.receipt_delay = std::chrono::milliseconds(50);
  o.response_jitter = o.receipt_jitter = {};
}

void SimCentre::listen_to_client(Line& line, const std::string& octets) {
  line.from_client.feed(smpp::Octets(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()),
                        clock_.now());
  while (const auto frame = line.from_client.next()) {
    const auto header = *smpp::decode_header(*frame);
    if (header.command_id == static_cast<std::uint32_t>(smpp::Command::submit_sm))
      submit_seen(line, *frame, header.sequence);
    if (header.command_id != static_cast<std::uint32_t>(smpp::Command::deliver_sm_resp)) continue;
    if (const auto said = line.phones.extract(header.sequence); said && header.status == 0)
      observer_.phone_answered(said.mapped());
    const auto delivery = line.deliveries.find(header.sequence);
    if (delivery == line.deliveries.end()) continue;
    const auto [part, state] = delivery->second;
    line.deliveries.erase(delivery);
    if (header.status != 0) continue;
    part->receipt_answered_at = clock_.now();
    observer_.receipt_answered(*part, state);
  }
}

void SimCentre::listen_to_centre(Line& line, smpp::Octets octets) {
  line.to_client.feed(octets, clock_.now());
  while (const auto frame = line.to_client.next()) {
    const auto header = *smpp::decode_header(*frame);
    if (header.command_id == static_cast<std::uint32_t>(smpp::Command::query_sm_resp) && header.status == 0)
      told_when_asked(*frame);
    if (header.command_id == static_cast<std::uint32_t>(smpp::Command::submit_sm_resp))
      if (const auto submit = line.submits.extract(header.sequence))
        observer_.submit_answered(submit.mapped(), header.status);
    if (header.command_id != static_cast<std::uint32_t>(smpp::Command::deliver_sm)) continue;
    smpp::Message message;
    if (smpp::decode_body(*frame, smpp::Command::deliver_sm, message)) continue;
    const auto receipt = smpp::parse_receipt(message, {});
    if (!receipt && message.esm_class == 0)
      line.phones[header.sequence] = smpp::utf8_of(message.short_message, message.data_coding);
    if (!receipt) continue;
    const auto part = by_receipt_id_.find(smpp::canonical_id(receipt->id));
    if (part == by_receipt_id_.end()) continue;
    part->second->state = receipt->state;
    line.deliveries[header.sequence] = {part->second, receipt->state};
  }
}

void SimCentre::submit_seen(Line& line, smpp::Octets frame, std::uint32_t sequence) {
  smpp::Message message;
  if (smpp::decode_body(frame, smpp::Command::submit_sm, message)) return;  // the centre says so
  const auto data = smpp::split_user_data(message.payload(), message.esm_class);
  auto& seen = line.submits[sequence] = {};
  seen.text = smpp::utf8_of(data, message.data_coding);
  seen.part = smpp::part_of(message, data).number;
  for (const auto& tlv : message.tlvs)
    seen.tlvs.push_back({.tag = tlv.tag, .value = std::string(tlv.value.begin(), tlv.value.end())});
  observer_.submit_seen(seen);
}

// As good as a receipt.
void SimCentre::told_when_asked(smpp::Octets frame) {
  smpp::QuerySmResp answer;
  smpp::decode_body(frame, answer);
  const auto state = static_cast<smpp::MessageState>(answer.message_state);
  if (auto* const part = find(smpp::canonical_id(answer.message_id)); part && state != smpp::MessageState::enroute)
    part->state = state;
}

void SimCentre::after() {
  for (const auto session : smsc_.sessions_with_output()) {
    const auto found = lines_.find(session);
    if (found == lines_.end()) continue;
    const auto connection = found->second.connection;
    for (auto octets = smsc_.output(session); !octets.empty(); octets = smsc_.output(session)) {
      listen_to_centre(found->second, octets);
      network_.send(connection, std::string(octets.begin(), octets.end()));
      smsc_.wrote(session, octets.size());
    }
    if (!smsc_.wants_close(session)) continue;
    // Ends in closed(), and so in here again.
    if (smsc_.is_cut(session))
      network_.reset(connection);
    else
      network_.finish(connection);
  }
  arm();
}

void SimCentre::arm() {
  const auto due = smsc_.next_deadline();
  if (alarm_) clock_.cancel(*alarm_);
  alarm_.reset();
  if (!due) return;
  alarm_ = clock_.at(*due, [this] {
    alarm_.reset();
    smsc_.on_deadline(clock_.now());
    after();
  });
}

}  // namespace smsbridge::simulation
