// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/text_lines.hpp"

#include <array>
#include <boost/json.hpp>
#include <istream>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <utility>

#include "bridge/doors/api/text_json.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/segments.hpp"
#include "bridge/text/transliteration.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t line_size_max_bytes = 1 << 20;  // as for a request's body

struct Refusal {
  std::string code;
  std::string detail;
};
template <class T>
using Result = tl::expected<T, Refusal>;

tl::unexpected<Refusal> refuse(std::string code, std::string detail) {
  return tl::make_unexpected(Refusal{std::move(code), std::move(detail)});
}

struct Job {
  std::string text;
  text::TextOptions options{.clusters = false};
  bool transliterate = false, explain = false;
};

constexpr std::array charsets{
    std::pair<std::string_view, text::Charset>{"auto", text::Charset::automatic},
    std::pair<std::string_view, text::Charset>{"gsm7", text::Charset::gsm7},
    std::pair<std::string_view, text::Charset>{"latin1", text::Charset::latin1},
    std::pair<std::string_view, text::Charset>{"ucs2", text::Charset::ucs2},
    std::pair<std::string_view, text::Charset>{"gsm7_latin1", text::Charset::gsm7_latin1},
    std::pair<std::string_view, text::Charset>{"latin1_ucs2", text::Charset::latin1_ucs2},
};
constexpr std::array concats{
    std::pair<std::string_view, text::Concat>{"udh8", text::Concat::udh8},
    std::pair<std::string_view, text::Concat>{"udh16", text::Concat::udh16},
    std::pair<std::string_view, text::Concat>{"sar", text::Concat::sar},
    std::pair<std::string_view, text::Concat>{"payload", text::Concat::payload},
};

template <class Choices, class Value>
bool choose(const Choices& choices, const json::value& given, Value& chosen) {
  if (!given.is_string()) return false;
  for (const auto& [name, value] : choices) {
    if (name != std::string_view(given.get_string())) continue;
    chosen = value;
    return true;
  }
  return false;
}

// A language by its ISO 639-1 code, its name or its id. 0: there is none.
std::uint8_t language_of(const json::value& given) {
  for (const auto& language : smpp::national_languages()) {
    const auto* number = given.if_int64();
    const auto* text = given.if_string();
    if (number != nullptr && *number == language.id) return language.id;
    if (text != nullptr && (*text == language.iso || *text == language.name)) return language.id;
  }
  return 0;
}

// {"langs": ["tr", 3], "modes": ["single", "locking"]}; no modes: both kinds of tables.
std::optional<Refusal> read_national(const json::value& given, text::National& national) {
  const auto wrong = [](const char* what) { return Refusal{"invalid_national", what}; };
  const auto* object = given.if_object();
  if (object == nullptr) return wrong("national must be an object with langs, and modes");
  for (const auto& [key, member] : *object) {
    const auto* list = member.if_array();
    if (list == nullptr || (key != "langs" && key != "modes")) return wrong("national holds the lists langs and modes");
    if (key == "langs") {
      for (const auto& each : *list) {
        const auto language = language_of(each);
        if (language == 0)
          return wrong(
              "a language is tr, es, pt, bn, gu, hi, kn, ml, or, pa, ta, te, ur, its name, or its id from 1 to 13");
        national.allow(language);
      }
      continue;
    }
    if (list->empty()) continue;
    national.single = national.locking = false;
    for (const auto& each : *list) {
      const bool both = each == json::value("both");
      if (!both && each != json::value("single") && each != json::value("locking"))
        return wrong("a mode is single, locking or both");
      national.single = national.single || both || each == json::value("single");
      national.locking = national.locking || both || each == json::value("locking");
    }
  }
  return std::nullopt;
}

Result<json::object> read_object(const std::string& line) {
  if (line.size() > line_size_max_bytes) return refuse("line_too_long", "a line has at most 1 MiB");
  json::error_code error;
  json::value value = json::parse(line, error);
  if (error) return refuse("malformed_json", error.message());
  if (!value.is_object()) return refuse("malformed_json", "a line must be a JSON object");
  return std::move(value.get_object());
}

Result<Job> read_job(const json::object& object) {
  Job job;
  bool has_text = false;
  for (const auto& [key, member] : object) {
    if (key == "text") {
      if (!member.is_string()) return refuse("invalid_text", "text must be a string");
      job.text = std::string(std::string_view(member.get_string()));
      has_text = true;
      continue;
    }
    if (member.is_null()) continue;  // as if absent
    if (key == "charset") {
      if (!choose(charsets, member, job.options.charset))
        return refuse("invalid_charset", "charset must be auto, gsm7, latin1, ucs2, gsm7_latin1 or latin1_ucs2");
    } else if (key == "concat") {
      if (!choose(concats, member, job.options.concat))
        return refuse("invalid_concat", "concat must be udh8, udh16, sar or payload");
    } else if (key == "ref") {
      const auto* reference = member.if_int64();
      if (reference == nullptr || *reference < 0 || *reference > 0xFFFF)
        return refuse("invalid_ref", "ref must be a whole number from 0 to 65535");
      job.options.reference = static_cast<std::uint16_t>(*reference);
    } else if (key == "national") {
      if (auto refusal = read_national(member, job.options.national)) return tl::make_unexpected(*std::move(refusal));
    } else if (key == "translit" || key == "grapheme" || key == "explain") {
      auto& flag = key == "translit" ? job.transliterate : key == "grapheme" ? job.options.clusters : job.explain;
      if (!member.is_bool()) return refuse("invalid_" + std::string(key), std::string(key) + " must be true or false");
      flag = member.get_bool();
    } else {
      return refuse("unknown_field", "unknown field " + std::string(key));
    }
  }
  if (!has_text) return refuse("missing_text", "text is required");
  return job;
}

std::string_view name_of(text::Encoding encoding) {
  switch (encoding) {
    case text::Encoding::gsm7:
      return "gsm7";
    case text::Encoding::latin1:
      return "latin1";
    case text::Encoding::ucs2:
      break;
  }
  return "ucs2";
}

std::string_view code_of(text::TextError error) {
  switch (error) {
    case text::TextError::invalid_utf8:
      return "invalid_utf8";
    case text::TextError::nul_character:
      return "nul_character";
    case text::TextError::too_many_segments:
      break;
  }
  return "too_many_segments";
}

std::string hex(std::span<const std::uint8_t> octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * octets.size());
  for (const std::uint8_t octet : octets) {
    out.push_back(digits[octet >> 4]);
    out.push_back(digits[octet & 0xF]);
  }
  return out;
}

Result<json::object> answer_number(const json::object& object) {
  std::string_view number, country;
  auto lengths = text::Lengths::of_mobiles;
  for (const auto& [key, member] : object) {
    if ((key == "number" || key == "country") && member.is_string())
      (key == "number" ? number : country) = member.get_string();
    else if (key == "check_number_length" && member.is_bool())
      lengths = member.get_bool() ? text::Lengths::of_mobiles : text::Lengths::any;
    else
      return refuse("unknown_field", "unknown field " + std::string(key) + ", or not of its type");
  }
  const auto read = text::normalise_number(number, country, lengths);
  if (!read) return refuse("invalid_number", std::string(text::explain(read.error())));
  return json::object{{"e164", read->e164},
                      {"country", read->country.empty() ? json::value(nullptr) : json::value(read->country)},
                      {"pattern_matched", read->pattern_matched}};
}

Result<json::object> answer(const std::string& line) {
  const auto object = read_object(line);
  if (!object) return tl::make_unexpected(object.error());
  if (object->contains("number")) return answer_number(*object);
  const auto job = read_job(*object);
  if (!job) return tl::make_unexpected(job.error());
  const auto other = job->transliterate ? text::transliterated_to_save(job->text, job->options) : std::nullopt;
  const auto segmented = text::segment(other ? *other : job->text, job->options);
  if (!segmented) return refuse(std::string(code_of(segmented.error())), std::string(text::explain(segmented.error())));
  json::array parts;
  for (const auto& part : segmented->segments)
    parts.push_back(json::object{{"udh_hex", hex(part.udh)}, {"body_hex", hex(part.body)}});
  json::object out;
  out["encoding"] = name_of(segmented->encoding);
  out["data_coding"] = segmented->data_coding;
  out["segments"] = segmented->segments.size();
  out["units"] = segmented->units;
  out["units_per_segment"] = segmented->units_per_segment;
  out["udhi"] = segmented->udhi;
  out["segment"] = std::move(parts);
  if (!segmented->shift.is_default()) out["national"] = national_json(segmented->shift);
  if (other) out["text"] = *other;
  if (!job->explain) return out;
  out["parts"] = segmented->parts;
  out["replaced"] = segmented->replaced;
  out["forces_ucs2"] = forcing_json(job->text);
  out["choices"] = choices_json({.text = job->text,
                                 .options = job->options,
                                 .transliterate = job->transliterate,
                                 .texts_only = false,
                                 .price = {}});
  return out;
}

}  // namespace

int text_lines(std::istream& in, std::ostream& out) {
  std::string line;
  while (std::getline(in, line)) {
    auto reply = answer(line);
    if (!reply) reply = json::object{{"error", {{"code", reply.error().code}, {"detail", reply.error().detail}}}};
    // A line is answered at once: another program may be waiting for it before it writes the next.
    out << json::serialize(*reply) << std::endl;
  }
  return out ? 0 : 1;
}

}  // namespace smsbridge::bridge
