// SPDX-License-Identifier: MPL-2.0
#include "smpp/receipt.hpp"

#include <algorithm>
#include <cstdio>

#include "smpp/error_words.hpp"
#include "smpp/receipt_date.hpp"
#include "smpp/receipt_text.hpp"
#include "smpp/text.hpp"

namespace smsbridge::smpp {
namespace {

constexpr std::size_t id_size_max = 255;
constexpr std::size_t word_size_max = 32;  // of what is shown

struct StateWord {
  std::string_view word;
  MessageState state;
  bool telling = false;  // says more than the state does, so it is shown
};

// The first word of a state is the standard's (SMPP 3.4 appendix B); the others have been met. A word that means
// "not yet" has to stand here, or a date besides it would make it a failure.
constexpr StateWord state_words[] = {
    {"DELIVRD", MessageState::delivered},
    {"DELIVERED", MessageState::delivered},
    {"DELIVERD", MessageState::delivered},
    {"DELIVRED", MessageState::delivered},
    {"DLVRD", MessageState::delivered},
    {"SCHEDLD", MessageState::scheduled},
    {"SCHEDULED", MessageState::scheduled},
    {"ENROUTE", MessageState::enroute},
    {"BUFFRED", MessageState::enroute},
    {"BUFFERD", MessageState::enroute},
    {"BUFFERED", MessageState::enroute},
    {"PENDING", MessageState::enroute},
    {"QUEUED", MessageState::enroute},
    {"ENQUEUED", MessageState::enroute},
    {"RETRY", MessageState::enroute},
    {"RETRYING", MessageState::enroute},
    {"WAITING", MessageState::enroute},
    {"TRANSIT", MessageState::enroute},
    {"INTRANSIT", MessageState::enroute},
    {"PROCESSING", MessageState::enroute},
    {"SENT", MessageState::enroute},
    {"SUBMITD", MessageState::enroute},
    {"SUBMITTED", MessageState::enroute},
    {"EXPIRED", MessageState::expired},
    {"EXPIRD", MessageState::expired},
    {"TIMEOUT", MessageState::expired, true},
    {"DELETED", MessageState::deleted},
    {"CANCELED", MessageState::deleted, true},
    {"CANCELLED", MessageState::deleted, true},
    {"UNDELIV", MessageState::undeliverable},
    {"UNDELIVERABLE", MessageState::undeliverable},
    {"UNDELIVERED", MessageState::undeliverable},
    {"UNDELIVRD", MessageState::undeliverable},
    {"UNDELVD", MessageState::undeliverable},
    {"UNDELIVD", MessageState::undeliverable},
    {"FAILED", MessageState::undeliverable},
    {"FAIL", MessageState::undeliverable},
    {"FAILURE", MessageState::undeliverable},
    {"ERROR", MessageState::undeliverable},
    {"NOTDELIVERED", MessageState::undeliverable},
    {"NOCRED", MessageState::undeliverable, true},
    {"NOCREDIT", MessageState::undeliverable, true},
    {"ZEROBAL", MessageState::undeliverable, true},
    {"ZERO_BAL", MessageState::undeliverable, true},
    {"SYSERR", MessageState::undeliverable, true},
    {"SYSFAIL", MessageState::undeliverable, true},
    {"ABSENT", MessageState::undeliverable, true},
    {"INVALID", MessageState::undeliverable, true},
    {"INV_NET", MessageState::undeliverable, true},
    {"NOROUTE", MessageState::undeliverable, true},
    {"ACCEPTD", MessageState::accepted},
    {"ACCEPTED", MessageState::accepted},
    {"ACKED", MessageState::accepted},
    {"UNKNOWN", MessageState::unknown},
    {"NULL", MessageState::unknown, true},
    {"REJECTD", MessageState::rejected},
    {"REJECTED", MessageState::rejected},
    {"BARRED", MessageState::rejected, true},
    {"BLOCKED", MessageState::rejected, true},
    {"BLACKLIST", MessageState::rejected, true},
    {"BLACKLISTED", MessageState::rejected, true},
    {"DND", MessageState::rejected, true},
    {"SPAM", MessageState::rejected, true},
    {"FORBIDDEN", MessageState::rejected, true},
    {"SKIPPED", MessageState::skipped},
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, upper, upper); }

// What a word means here; none for a word that nobody knows.
StateWord look_up(std::string_view word, const Dialect& dialect) {
  std::string capitals(word);
  std::ranges::transform(capitals, capitals.begin(), upper);
  if (const auto own = dialect.receipt_words.find(capitals); own != dialect.receipt_words.end())
    return {word, own->second, true};
  for (const auto& row : state_words)
    if (row.word == capitals) return row;
  return {word, MessageState::none, true};
}

// "0", "000" and the words for nothing.
bool is_an_error(std::string_view code) {
  if (code.find_first_not_of('0') == std::string_view::npos) return false;
  return std::ranges::none_of(std::initializer_list<std::string_view>{"NONE", "NULL", "OK", "N/A", "NA", "-"},
                              [&](auto nothing) { return equal_ignoring_case(nothing, code); });
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

bool is_plain(std::uint8_t octet) {
  return (octet >= 0x20 && octet < 0x7F) || octet == '\t' || octet == '\r' || octet == '\n';
}

std::string utf8_from_swapped_ucs2(Octets octets) {
  Buffer swapped(octets.begin(), octets.end());
  for (std::size_t at = 0; at + 1 < swapped.size(); at += 2) std::swap(swapped[at], swapped[at + 1]);
  return utf8_from_ucs2(swapped);
}

// The receipt's text as octets a parser can read. Two-octet characters come with data_coding 8, and also unannounced;
// plain text comes with 8, too. The keys of a receipt are ASCII, so its first octets tell which it is.
std::string readable(const Message& message) {
  constexpr std::size_t looked_at = 16;
  const auto body = split_user_data(message.payload(), message.esm_class).body;
  const auto starts_with = [&](std::uint8_t first, std::uint8_t second) {
    return body.size() >= 2 && body[0] == first && body[1] == second;
  };
  if (starts_with(0xFE, 0xFF)) return utf8_from_ucs2(body.subspan(2));
  if (starts_with(0xFF, 0xFE)) return utf8_from_swapped_ucs2(body.subspan(2));
  const auto is_ascii_with_zeros_at = [&](std::size_t zero) {
    if (body.size() < 6) return false;
    for (std::size_t at = 0; at < 6; at += 2)
      if (body[at + zero] != 0 || !is_plain(body[at + 1 - zero])) return false;
    return true;
  };
  if (is_ascii_with_zeros_at(0)) return utf8_from_ucs2(body);
  if (is_ascii_with_zeros_at(1)) return utf8_from_swapped_ucs2(body);
  const bool plain = std::ranges::all_of(body.first(std::min(body.size(), looked_at)), is_plain);
  return message.data_coding == 8 && !plain ? utf8_from_ucs2(body) : std::string(as_text(body));
}

// A code beside a success is none of an error, and networks other than GSM count otherwise (SMPP 3.4 section 5.3.2.31).
bool may_be_of_map(const Receipt& receipt) {
  constexpr std::uint8_t gsm = 3;
  return receipt.state != MessageState::delivered && receipt.state != MessageState::accepted &&
         receipt.error_network.value_or(gsm) == gsm;
}

// A vendor's word for a failure must not end as a success, which it would if nobody waited for a state any more. With
// an error code or the date of its end a message is done, and words for what arrived are known: it was not delivered.
void read_word(std::string_view word, const Dialect& dialect, Receipt& receipt) {
  const auto found = look_up(word, dialect);
  const bool by_word = receipt.state == MessageState::none;
  receipt.word_known = word.empty() || found.state != MessageState::none;
  if (by_word) receipt.state = found.state;
  if (!receipt.word_known && by_word && (is_an_error(receipt.error) || !receipt.done_date.empty()))
    receipt.state = MessageState::undeliverable;
  // A state that is missing or not understood ends nothing.
  receipt.final_state = is_final(receipt.state, dialect) && !receipt.intermediate;
  if (receipt.state == MessageState::none) receipt.state = MessageState::unknown;
  receipt.state_word = word.empty() ? std::string(state_word(receipt.state)) : utf8_from_unknown(as_octets(word));
  receipt.reason = receipt.error;
  if (!word.empty() && found.telling)
    receipt.reason = receipt.error.empty() ? receipt.state_word : receipt.state_word + " err " + receipt.error;
  else if (const auto words = may_be_of_map(receipt) ? often_meant_by(receipt.error) : ""; !words.empty())
    receipt.reason += " (often: " + std::string(words) + ")";
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
  auto word = parts.stat.value_or(std::string_view()).substr(0, word_size_max);
  if (word.empty() && look_up(parts.free_word, dialect).state != MessageState::none) word = parts.free_word;
  if (kind == Kind::message_like && !told_by_tlvs && (parts.id.value_or("").empty() || word.empty()))
    return std::nullopt;

  Receipt receipt;
  receipt.intermediate = kind == Kind::intermediate;
  const auto add_id = [&receipt](std::string_view raw) {
    if (raw.empty() || (!receipt.id_candidates.empty() && raw == receipt.id_candidates.front())) return;
    auto id = readable_id(raw);
    if (!id.empty() && std::ranges::find(receipt.id_candidates, id) == receipt.id_candidates.end())
      receipt.id_candidates.push_back(std::move(id));
  };
  if (id_tlv != nullptr) add_id(as_text(id_tlv->value));
  add_id(parts.id.value_or(std::string_view()));
  if (parts.id_line.find(':') == std::string_view::npos) add_id(parts.id_line);  // or it holds a key we do not know
  if (!receipt.id_candidates.empty()) receipt.id = receipt.id_candidates.front();

  receipt.error = utf8_from_unknown(as_octets(parts.err.value_or(std::string_view())));
  if (const auto* error = message.find_tlv(tag::network_error_code)) read_network_error(error->value, receipt);
  if (parts.submit_date) receipt.submit_date = parse_receipt_date(*parts.submit_date, dialect.time_zone_offset);
  if (parts.done_date) receipt.done_date = parse_receipt_date(*parts.done_date, dialect.time_zone_offset);
  receipt.state = state_tlv == nullptr ? MessageState::none : state_of(state_tlv->value);
  read_word(word, dialect, receipt);
  if (parts.text) receipt.text = utf8_from_unknown(as_octets(*parts.text));
  return receipt;
}

std::string readable_id(std::string_view raw) {
  const auto trimmed = without_padding(raw);
  const auto is_visible = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (trimmed.size() <= id_size_max && std::ranges::all_of(trimmed, is_visible)) return std::string(trimmed);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  std::string id(trimmed);
  if (!is_utf8(trimmed) || std::ranges::any_of(trimmed, is_control)) {
    id.clear();
    for (const auto octet : as_octets(trimmed)) {
      if (octet >= 0x20 && octet < 0x7F) {
        id += static_cast<char>(octet);
      } else {
        char text[5];
        std::snprintf(text, sizeof text, "\\x%02X", static_cast<unsigned>(octet));
        id += text;
      }
    }
  }
  if (id.size() > id_size_max) {
    auto end = id_size_max;
    while (end > 0 && (static_cast<unsigned char>(id[end]) & 0xC0) == 0x80) --end;  // not inside a character
    id.resize(end);
  }
  return id;
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

std::string_view state_word(MessageState state) {
  for (const auto& row : state_words)
    if (row.state == state) return row.word;
  return "UNKNOWN";
}

}  // namespace smsbridge::smpp
