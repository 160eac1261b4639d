// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/smpp_dialect.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <limits>

#include "bridge/config/keys.hpp"

namespace smsbridge::bridge {
namespace {

const Choices<smpp::StatusClass> status_class_choices = {{"ok", smpp::StatusClass::ok},
                                                         {"throttle", smpp::StatusClass::throttle},
                                                         {"retry", smpp::StatusClass::transient_retry},
                                                         {"fail", smpp::StatusClass::permanent_message_failure},
                                                         {"account", smpp::StatusClass::account_refused}};

// What a word of `stat:` means, in the words that messages end with.
const Choices<smpp::MessageState> receipt_state_choices = {
    {"enroute", smpp::MessageState::enroute},     {"accepted", smpp::MessageState::accepted},
    {"delivered", smpp::MessageState::delivered}, {"expired", smpp::MessageState::expired},
    {"deleted", smpp::MessageState::deleted},     {"undeliverable", smpp::MessageState::undeliverable},
    {"rejected", smpp::MessageState::rejected},   {"unknown", smpp::MessageState::unknown}};

template <class Value>
std::vector<std::string> words_of(const Choices<Value>& choices) {
  std::vector<std::string> words;
  for (const auto& [word, meaning] : choices) words.push_back(word);
  return words;
}

void read_receipt_words(ConfigSection& s, smpp::Dialect& dialect) {
  s.map("receipt_words", [&](std::string word, const std::string& meaning) {
    const auto choice =
        std::ranges::find(receipt_state_choices, meaning, &std::pair<std::string, smpp::MessageState>::first);
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const bool is_word = !word.empty() && word.find_first_of(" \t\r\n") == std::string::npos;
    if (!is_word || choice == receipt_state_choices.end())
      return s.problem("receipt_words",
                       "'" + word + ": " + meaning +
                           "' is not a word such as NOCRED with enroute, accepted, delivered, expired, deleted, "
                           "undeliverable, rejected or unknown",
                       "bad-value");
    if (!dialect.receipt_words.emplace(word, choice->second).second)
      s.problem("receipt_words", "the word '" + word + "' stands here twice", "duplicate");
  });
}

void read_status(ConfigSection& s, smpp::Dialect& dialect) {
  s.map("status", [&](const std::string& code, const std::string& meaning) {
    char* end = nullptr;
    const auto value = std::strtoul(code.c_str(), &end, 0);
    const auto choice =
        std::ranges::find(status_class_choices, meaning, &std::pair<std::string, smpp::StatusClass>::first);
    const bool is_code = !code.empty() && std::isdigit(static_cast<unsigned char>(code.front())) && *end == '\0' &&
                         value <= std::numeric_limits<std::uint32_t>::max();
    if (!is_code || choice == status_class_choices.end())
      s.problem("status",
                "'" + code + ": " + meaning + "' is not a code such as 0x45 with ok, throttle, retry, fail or account",
                "bad-value");
    else if (!dialect.status_overrides.emplace(static_cast<std::uint32_t>(value), choice->second).second)
      s.problem("status", "the code '" + code + "' stands here twice", "duplicate");
  });
}

void check_latin1(ConfigSection& s, smpp::Dialect& dialect) {
  if (dialect.latin1_coding != 0 && dialect.latin1_coding != 3)
    s.problem("latin1_data_coding", "is neither 3 nor 0, where Latin-1 is the carrier's default alphabet", "bad-value");
}

}  // namespace

const Keys<smpp::Dialect>& dialect_keys() {
  using D = smpp::Dialect;
  using K = Keys<D>;
  using smpp::IdNotation;
  const Choices<IdNotation> notations = {{"auto", IdNotation::automatic},
                                         {"string", IdNotation::string},
                                         {"dec", IdNotation::decimal},
                                         {"hex", IdNotation::hexadecimal}};
  using smpp::Flash;
  static const K keys{
      K::integer("gsm7_data_coding", &D::gsm7_coding, 0, 1, "data_coding of text in the GSM alphabet"),
      K::boolean("gsm7_packed", &D::gsm7_packed, "Text in the GSM alphabet travels as eight septets in seven octets"),
      K::integer("latin1_data_coding", &D::latin1_coding, 0, 3, "data_coding of text in Latin-1: 3 or 0")
          .checked(check_latin1),
      K::integer("binary_data_coding", &D::binary_coding, 0, 255, "data_coding of octets that are no text"),
      K::choice("flash", &D::flash, Choices<Flash>{{"dcs", Flash::dcs}, {"class", Flash::classes}, {"tlv", Flash::tlv}},
                "How a message is marked that the phone shows at once"),
      K::choice("id_in_response", &D::response_id, notations, "Notation of message ids in answers to submits"),
      K::choice("id_in_receipt", &D::receipt_id, notations, "Notation of message ids in receipts"),
      K::boolean("receipts_by_text", &D::receipts_by_text, "A plain message that looks like a receipt is one"),
      K::boolean("accepted_is_final", &D::accepted_is_final, "ACCEPTD ends the waiting"),
      K::boolean("address_may_differ", &D::address_may_differ, "Receipts do not name the phone"),
      K::boolean("one_receipt_per_message", &D::one_receipt_per_message,
                 "A long message gets one receipt, which speaks of all parts"),
      K::special("receipt_words", KeyInfo::Type::words, read_receipt_words, "Meanings of words behind 'stat:'",
                 words_of(receipt_state_choices)),
      K::special("status", KeyInfo::Type::words, read_status, "Meanings of error codes such as 0x45",
                 words_of(status_class_choices)),
  };
  return keys;
}

}  // namespace smsbridge::bridge
