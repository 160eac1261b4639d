// SPDX-License-Identifier: MPL-2.0
#include "smpp/receipt_text.hpp"

#include <algorithm>

namespace smsbridge::smpp {
namespace {

using Field = std::optional<std::string_view> ReceiptText::*;

struct Key {
  std::string_view name;  // lower case
  Field field;
};

constexpr Key keys[] = {
    {"id", &ReceiptText::id},
    {"sub", &ReceiptText::sub},
    {"dlvrd", &ReceiptText::dlvrd},
    {"submit date", &ReceiptText::submit_date},
    {"submit_date", &ReceiptText::submit_date},
    {"done date", &ReceiptText::done_date},
    {"done_date", &ReceiptText::done_date},
    {"stat", &ReceiptText::stat},
    {"err", &ReceiptText::err},
    {"text", &ReceiptText::text},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The key that begins at `at`, and how long it is with its colon. Several blanks may stand for the one in "done date".
const Key* key_at(std::string_view text, std::size_t at, std::size_t& size) {
  const char first = lower(text[at]);
  for (const auto& key : keys) {
    if (key.name.front() != first) continue;
    auto end = at;
    bool equal = true;
    for (const char c : key.name) {
      if (end >= text.size() || lower(text[end]) != c) {
        equal = false;
        break;
      }
      ++end;
      if (c == ' ')
        while (end < text.size() && text[end] == ' ') ++end;
    }
    if (!equal || end >= text.size() || text[end] != ':') continue;
    size = end + 1 - at;
    return &key;
  }
  return nullptr;
}

// Some separate the keys by more than blanks.
bool is_separator(char c) { return is_blank(c) || c == ',' || c == ';' || c == '|'; }

std::string_view without_separators(std::string_view value) {
  while (!value.empty() && is_separator(value.back())) value.remove_suffix(1);
  return value;
}

std::string_view first_word(std::string_view text) { return {text.begin(), std::ranges::find_if(text, is_blank)}; }

}  // namespace

ReceiptText parse_receipt_text(std::string_view text) {
  ReceiptText result;
  const Key* open = nullptr;
  std::size_t value_at = 0;
  const auto finish = [&](std::size_t end) {
    if (open == nullptr) return;
    const auto value = without_separators(trimmed(text.substr(value_at, end - value_at)));
    const auto word = first_word(value);
    // The first one counts: what a later key of the same name holds may be the customer's own words.
    if (auto& field = result.*(open->field); !field) {
      field = word;
      if (open->field == &ReceiptText::id) result.id_line = value;
    }
    const bool is_date = open->field == &ReceiptText::submit_date || open->field == &ReceiptText::done_date;
    if (is_date && word.size() < value.size()) {
      // The last word: "done date:1809251200 DELIVRD", but also "done date:180925 1200 DELIVRD".
      const auto last = std::find_if(value.rbegin(), value.rend(), is_blank).base();
      result.free_word = {last, value.end()};
    }
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && !is_separator(text[at - 1])) continue;
    std::size_t size = 0;
    const auto* key = key_at(text, at, size);
    if (key == nullptr) continue;
    finish(at);
    if (key->field == &ReceiptText::text) {
      // Everything behind the first "text:" is the customer's text and may contain any of the keys.
      auto rest = text.substr(at + size);
      if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
      result.text = rest;
      return result;
    }
    open = key;
    value_at = at + size;
    at += size - 1;
    // A value may follow its key without a blank, but a key never follows a colon: "stat:err:" is a value.
  }
  finish(text.size());
  return result;
}

}  // namespace smsbridge::smpp
