// SPDX-License-Identifier: MPL-2.0
#include "smpp/receipt.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "smpp/receipt_date.hpp"
#include "smpp/receipt_text.hpp"
#include "smpp/text.hpp"

namespace smsbridge::smpp {
namespace {

struct StateWord {
  std::string_view word;
  MessageState state;
};

// The first word of a state is the standard's (SMPP 3.4 appendix B); the others have been met.
constexpr StateWord state_words[] = {
    {"SCHEDLD", MessageState::scheduled},         {"SCHEDULED", MessageState::scheduled},
    {"ENROUTE", MessageState::enroute},           {"BUFFRED", MessageState::enroute},
    {"BUFFERD", MessageState::enroute},           {"BUFFERED", MessageState::enroute},
    {"DELIVRD", MessageState::delivered},         {"DELIVERED", MessageState::delivered},
    {"EXPIRED", MessageState::expired},           {"DELETED", MessageState::deleted},
    {"UNDELIV", MessageState::undeliverable},     {"UNDELIVERABLE", MessageState::undeliverable},
    {"UNDELIVERED", MessageState::undeliverable}, {"UNDELIVRD", MessageState::undeliverable},
    {"FAILED", MessageState::undeliverable},      {"ACCEPTD", MessageState::accepted},
    {"ACCEPTED", MessageState::accepted},         {"ACKED", MessageState::accepted},
    {"UNKNOWN", MessageState::unknown},           {"REJECTD", MessageState::rejected},
    {"REJECTED", MessageState::rejected},         {"SKIPPED", MessageState::skipped},
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

MessageState state_of(std::string_view word) {
  for (const auto& row : state_words)
    if (equal_ignoring_case(row.word, word)) return row.state;
  return MessageState::none;
}

// message_state has one octet (SMPP 3.4 section 5.3.2.35). Four octets, two octets, the wrong byte order and an ASCII
// digit have been met.
MessageState state_of(Octets value) {
  if (value.size() != 1 && value.size() != 2 && value.size() != 4) return MessageState::none;
  std::uint32_t number = 0;
  for (const auto octet : value) number = (number << 8) | octet;
  if (value.size() > 1 && number > 9 && std::ranges::all_of(value.subspan(1), [](auto octet) { return octet == 0; }))
    number = value[0];
  if (number >= '0' && number <= '9') number -= '0';
  return number <= 9 ? static_cast<MessageState>(number) : MessageState::none;
}

// network_error_code: a network type and a code of two octets (SMPP 3.4 section 5.3.2.31).
void read_network_error(Octets value, Receipt& receipt) {
  if (value.size() != 3) return;
  char text[8];
  std::snprintf(text, sizeof text, "%03u", static_cast<unsigned>((value[1] << 8) | value[2]));
  receipt.error_network = value[0];
  receipt.error = text;
}

bool is_final(MessageState state, const Dialect& dialect) {
  switch (state) {
    case MessageState::delivered:
    case MessageState::expired:
    case MessageState::deleted:
    case MessageState::undeliverable:
    case MessageState::rejected:
    case MessageState::skipped:
    case MessageState::unknown:
      return true;
    case MessageState::accepted:
      return dialect.accepted_is_final;
    case MessageState::scheduled:
    case MessageState::enroute:
    case MessageState::none:
      break;
  }
  return false;
}

// The receipt's text as octets a parser can read. Two-octet characters come with data_coding 8, and also unannounced.
std::string readable(const Message& message) {
  const auto body = split_user_data(message.payload(), message.esm_class).body;
  const auto starts_as_ucs2 = [&] {
    return body.size() >= 6 && body[0] == 0 && (body[1] | 0x20) == 'i' && body[2] == 0 && (body[3] | 0x20) == 'd' &&
           body[4] == 0 && body[5] == ':';
  };
  if (message.data_coding == 8) {
    // Some say 8 and send plain text.
    const bool plain = body.size() >= 3 && (body[0] | 0x20) == 'i' && (body[1] | 0x20) == 'd' && body[2] == ':';
    if (!plain) return utf8_from_ucs2(body);
  }
  if (starts_as_ucs2()) return utf8_from_ucs2(body);
  return std::string(as_text(body));
}

std::string_view without_padding(std::string_view id) {
  constexpr std::string_view padding{" \t\r\n\0", 5};
  const auto last = id.find_last_not_of(padding);
  return last == std::string_view::npos ? std::string_view() : id.substr(0, last + 1);
}

enum class Kind : std::uint8_t { receipt, intermediate, message_like, other };

// Bits 5 to 2 are a number, not flags; the mode, the UDH and the reply path may be set besides (SMPP 3.4 section
// 5.2.12).
Kind kind_of(std::uint8_t esm_class, const Dialect& dialect) {
  switch (esm_class & 0x3C) {
    case 0x04:
      return Kind::receipt;
    case 0x20:
      return Kind::intermediate;
    case 0x08:
      return dialect.sme_ack_is_receipt ? Kind::receipt : Kind::other;
    case 0x00:
      return Kind::message_like;
    default:
      return Kind::other;
  }
}

}  // namespace

std::optional<Receipt> parse_receipt(const Message& message, const Dialect& dialect) {
  const auto kind = kind_of(message.esm_class, dialect);
  if (kind == Kind::other) return std::nullopt;
  const auto* id_tlv = message.find_tlv(tag::receipted_message_id);
  const auto* state_tlv = message.find_tlv(tag::message_state);
  // A handset cannot write TLVs, but anyone can type the text of a receipt.
  const bool told_by_tlvs = id_tlv != nullptr && state_tlv != nullptr;
  if (kind == Kind::message_like && !told_by_tlvs && !dialect.receipts_by_text) return std::nullopt;

  const auto octets = readable(message);
  const auto parts = parse_receipt_text(octets);
  auto word = parts.stat.value_or(std::string_view());
  if (word.empty() && state_of(parts.free_word) != MessageState::none) word = parts.free_word;
  if (kind == Kind::message_like && !told_by_tlvs && (parts.id.value_or("").empty() || word.empty()))
    return std::nullopt;

  Receipt receipt;
  receipt.intermediate = kind == Kind::intermediate;
  if (id_tlv != nullptr)
    if (const auto id = without_padding(as_text(id_tlv->value)); !id.empty()) receipt.id_candidates.emplace_back(id);
  if (parts.id && !parts.id->empty() &&
      std::ranges::find(receipt.id_candidates, *parts.id) == receipt.id_candidates.end())
    receipt.id_candidates.emplace_back(*parts.id);
  if (!receipt.id_candidates.empty()) receipt.id = receipt.id_candidates.front();

  receipt.state = state_tlv == nullptr ? MessageState::none : state_of(state_tlv->value);
  if (receipt.state == MessageState::none) receipt.state = state_of(word);
  receipt.final_state = is_final(receipt.state, dialect) && !receipt.intermediate;
  // A state that is missing or not understood ends nothing.
  if (receipt.state == MessageState::none) receipt.state = MessageState::unknown;
  receipt.state_word = word.empty() ? std::string(state_word(receipt.state)) : utf8_from_unknown(as_octets(word));

  receipt.error = utf8_from_unknown(as_octets(parts.err.value_or(std::string_view())));
  if (const auto* error = message.find_tlv(tag::network_error_code)) read_network_error(error->value, receipt);
  if (parts.submit_date) receipt.submit_date = parse_receipt_date(*parts.submit_date, dialect.time_zone_offset);
  if (parts.done_date) receipt.done_date = parse_receipt_date(*parts.done_date, dialect.time_zone_offset);
  if (parts.text) receipt.text = utf8_from_unknown(as_octets(*parts.text));
  return receipt;
}

std::string canonical_id(std::string_view id) {
  if (id.empty()) return {};
  const auto first = id.find_first_not_of('0');
  if (first == std::string_view::npos) return "0";
  std::string canonical(id.substr(first));
  for (auto& c : canonical)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return canonical;
}

std::vector<std::string> id_variants(std::string_view id, const Dialect& dialect) {
  using enum IdNotation;
  const auto from = dialect.receipt_id, to = dialect.response_id;
  if (from == string || to == string || (from == to && from != automatic)) return {};

  std::vector<std::string> variants;
  const auto convert = [&](int from_base, int to_base) {
    auto digits = id;
    if (from_base == 16 && (digits.starts_with("0x") || digits.starts_with("0X"))) digits.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, from_base);
    if (ec != std::errc() || end != digits.data() + digits.size()) return;
    char text[24];
    const auto written = std::to_chars(text, text + sizeof text, value, to_base);
    std::string variant(text, written.ptr);
    if (variant == canonical_id(id) || std::ranges::find(variants, variant) != variants.end()) return;
    variants.push_back(std::move(variant));
  };
  // A decimal receipt for a hexadecimal response is the usual way round, so it is tried first.
  if (from != hexadecimal && to != decimal) convert(10, 16);
  if (from != decimal && to != hexadecimal) convert(16, 10);
  return variants;
}

std::string_view state_word(MessageState state) {
  for (const auto& row : state_words)
    if (row.state == state) return row.word;
  return "UNKNOWN";
}

}  // namespace smsbridge::smpp
