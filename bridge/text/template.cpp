// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/template.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <kainjow/mustache.hpp>
#include <map>

#include "bridge/text/nearest.hpp"
#include "bridge/text/ucs2.hpp"
#include "bridge/text/variables.hpp"

namespace smsbridge::bridge::text {
namespace {

namespace json = boost::json;
namespace mustache = kainjow::mustache;

constexpr std::size_t tags_max = 200, name_octets_max = 100, nesting_max = 8;
// Of all lists and values that one text shows, and questions that it asks.
constexpr std::size_t items_max = 500, octets_max = 100'000, questions_max = 2000;
// Names that are compared with one that is looked for: who sends a hundred thousand of them holds nobody up.
constexpr std::size_t comparisons_max = 200'000;

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  return from == std::string_view::npos ? "" : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

// ---- reading a template ----

// Cuts it into tags, so that a mistake has a place and a word; the library has neither. What it is given has variables
// in one form, {{&name|form}}: whoever is asked for a name with a bar is asked for a variable, else for a section.
class TemplateReader {
 public:
  explicit TemplateReader(std::string_view text) : text_(text) {}

  tl::expected<std::string, TemplateError> read(std::vector<Tag>& tags) {
    while (error_.detail.empty() && next(tags)) {
    }
    if (error_.detail.empty() && !open_.empty())
      refuse(open_.back().at,
             "the section {{#" + open_.back().name + "}} is not closed by {{/" + open_.back().name + "}}");
    if (!error_.detail.empty()) return tl::unexpected(std::move(error_));
    return std::move(out_);
  }

 private:
  bool next(std::vector<Tag>& tags) {
    const auto begin = text_.find("{{", at_);
    out_.append(text_.substr(at_, begin - at_));
    if (begin == std::string_view::npos) return false;
    const bool triple = text_.substr(begin).starts_with("{{{");
    const auto from = begin + (triple ? 3 : 2);
    const std::string_view closing = triple ? "}}}" : "}}";
    const auto end = text_.find(closing, from);
    if (end == std::string_view::npos || text_.substr(from, end - from).find("{{") != std::string_view::npos) {
      refuse(begin, fmt::format("the tag that begins here is not closed by {}", closing));
      return false;
    }
    at_ = end + closing.size();
    take(begin, trimmed(text_.substr(from, end - from)), triple, tags);
    return true;
  }

  void take(std::size_t begin, std::string_view inside, bool triple, std::vector<Tag>& tags) {
    const char kind = triple || inside.empty() ? '&' : inside.front();
    if (kind == '!') return;
    if (kind == '>') return refuse(begin, "there are no partials: write the text itself");
    if (kind == '=') return refuse(begin, "delimiters stay {{ and }}");
    const bool is_section = kind == '#' || kind == '^' || kind == '/';
    if (is_section || (kind == '&' && !triple && !inside.empty())) inside = trimmed(inside.substr(1));
    const auto bar = inside.find('|');
    Tag tag{.name = std::string(trimmed(inside.substr(0, bar))), .is_section = is_section, .at = begin};
    if (bar != std::string_view::npos) tag.form = trimmed(inside.substr(bar + 1));
    if (!is_good(tag)) return;
    if (kind == '/') return close(tag);
    if (tags.size() == tags_max)
      return refuse(begin, fmt::format("more than {} tags are no text for a phone", tags_max));
    if (is_section && open_.size() == nesting_max) return refuse(begin, "sections stand too deep in each other");
    out_ +=
        is_section ? fmt::format("{{{{{}{}}}}}", kind, tag.name) : fmt::format("{{{{&{}|{}}}}}", tag.name, tag.form);
    if (is_section) open_.push_back(tag);
    tags.push_back(std::move(tag));
  }

  bool is_good(const Tag& tag) {
    if (tag.name.empty()) return refuse(tag.at, "a name is missing here"), false;
    if (tag.name.size() > name_octets_max) return refuse(tag.at, "this name is too long"), false;
    if (tag.name.find_first_of("{}") != std::string::npos) return refuse(tag.at, "a name holds no braces"), false;
    if (tag.form.empty()) return true;
    if (tag.is_section) return refuse(tag.at, "a section has no '|': it only asks whether there is a value"), false;
    const auto& forms = template_forms();
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (tag.form.starts_with("money:") && tag.form.size() == 9 && std::ranges::all_of(tag.form.substr(6), is_capital))
      return true;
    if (std::ranges::find(forms, std::string_view(tag.form)) != forms.end()) return true;
    refuse(tag.at, fmt::format("'{}' is no way to write a value; there are {}, and money:KES", tag.form,
                               fmt::join(forms, ", ")));
    return false;
  }

  void close(const Tag& tag) {
    if (open_.empty() || open_.back().name != tag.name)
      return refuse(tag.at, open_.empty() ? "no section is open that {{/" + tag.name + "}} could close"
                                          : "{{/" + tag.name + "}} stands where {{/" + open_.back().name + "}} is due");
    open_.pop_back();
    out_ += "{{/" + tag.name + "}}";
  }

  void refuse(std::size_t at, std::string detail) {
    if (error_.detail.empty()) error_ = template_error_at(text_, at, std::move(detail));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<Tag> open_;
  TemplateError error_;
};

// ---- values ----

struct TooMuch {};

const json::value* member_of(const json::value& of, std::string_view name) {
  const auto* object = of.if_object();
  if (!object) return nullptr;
  if (const auto* exact = object->if_contains(name)) return exact;
  for (const auto& [key, value] : *object)
    if (equal_names(key, name)) return &value;
  return nullptr;
}

// [2026,11,4], perhaps with a time behind.
std::optional<Day> day_in(const json::value& value) {
  if (const auto* text = value.if_string()) return parse_day(*text);
  const auto* array = value.if_array();
  if (!array || array->size() < 3 || array->size() > 7) return std::nullopt;
  int parts[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    boost::system::error_code wrong;
    parts[i] = (*array)[i].to_number<int>(wrong);
    if (wrong) return std::nullopt;
  }
  const Day day{.year = parts[0], .month = parts[1], .day = parts[2]};
  if (day.year < 1900 || day.year > 2200) return std::nullopt;  // a list of numbers
  return is_day(day) ? std::optional(day) : std::nullopt;
}

std::optional<Decimal> decimal_in(const json::value& value) {
  if (const auto* text = value.if_string()) return parse_decimal(*text);
  if (const auto* number = value.if_double()) return parse_decimal(fmt::format("{}", *number));
  return value.is_number() ? parse_decimal(json::serialize(value)) : std::nullopt;
}

// Fineract's database scale: "1500.000000" is an amount, "1.10" may be anything.
bool has_database_scale(std::string_view text) {
  const auto point = text.find('.');
  return point != std::string_view::npos && text.size() - point == 7;
}

// Null, and what is neither a text nor a number.
bool has_no_text(const json::value& value) {
  return value.is_null() || value.is_object() || (value.is_array() && !day_in(value));
}

std::string as_given(const json::value& value, const Locale& locale) {
  if (const auto* text = value.if_string()) {
    if (!has_database_scale(*text)) return std::string(*text);
  } else if (value.is_bool()) {
    return value.get_bool() ? "true" : "false";
  } else if (const auto day = day_in(value)) {
    return day_text(*day, locale, DayForm::medium);
  }
  const auto number = decimal_in(value);
  if (number) return plain_text(*number, locale);
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// Of a variable without a form, and of one with it.
struct Writing {
  VariableKind kind = VariableKind::text;
  DayForm day = DayForm::medium;
  bool money = false;
  std::string_view currency;
  bool asked = false;  // by the template: a value that does not fit is a mistake
};
Writing writing_of(std::string_view name, std::string_view form) {
  if (form.empty()) {
    const auto* known = find_variable(name.substr(name.rfind('.') + 1));
    return {.kind = known ? known->kind : VariableKind::text};
  }
  if (form == "text") return {.asked = true};
  if (form == "number") return {.kind = VariableKind::number, .asked = true};
  if (form.starts_with("date"))
    return {.kind = VariableKind::day,
            .day = form == "date:short"  ? DayForm::short_form
                   : form == "date:long" ? DayForm::long_form
                                         : DayForm::medium,
            .asked = true};
  return {.kind = VariableKind::amount,
          .money = form != "amount",
          .currency = form.starts_with("money:") ? form.substr(6) : std::string_view(),
          .asked = true};
}

// What the library asks for values. It sees empty shells; the values stay JSON, each found by the shell that stands for
// it.
class Values : public mustache::basic_context<std::string> {
 public:
  // `size`: of the template, in octets.
  Values(const json::object& values, std::size_t size, const Locale& locale, std::string_view currency)
      : root_(values), size_(size), locale_(locale) {
    scopes_.push_back(&root_);
    currency_ = own_currency().value_or(std::string(currency));
  }

  void push(const mustache::data* shell) override {
    if (++items_ > items_max || items_ * size_ > octets_max) throw TooMuch();
    const auto it = behind_.find(shell);
    scopes_.push_back(it == behind_.end() ? &nothing_ : it->second);
  }
  void pop() override { scopes_.pop_back(); }
  const mustache::data* get_partial(const std::string&) const override { return nullptr; }
  const mustache::data* get(const std::string& asked) const override {
    if (++questions_ > questions_max) throw TooMuch();
    const auto bar = asked.find('|');
    const auto name = asked.substr(0, bar);
    const auto* value = find(name);
    if (bar == std::string::npos) return value ? shell_of(*value) : nullptr;
    return written(name, asked.substr(bar + 1), value);
  }

  mutable Rendered result;  // get() is const to the library, which may ask for more than it shows

 private:
  const json::value* find(std::string_view name) const {
    if (name == ".") return scopes_.back();
    if (const auto* own = find_as(name)) return own;
    for (const auto other : other_names(name))
      if (const auto* value = find_as(other)) return value;
    return nullptr;
  }

  // From the inside out. A name with dots leads into members, unless something is called so.
  const json::value* find_as(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto* object = (*scope)->if_object()) comparisons_ += object->size();
      if (comparisons_ > comparisons_max) throw TooMuch();
      if (const auto* value = member_of(**scope, name); value && !value->is_null()) return value;
      const auto* at = *scope;
      for (auto rest = name; at && !rest.empty();) {
        const auto part = rest.substr(0, rest.find('.'));
        at = member_of(*at, part);
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      }
      if (at && !at->is_null()) return at;
    }
    return nullptr;
  }

  std::optional<std::string> own_currency() const {
    const auto* value = find("currencyCode");
    if (value && value->is_object()) value = member_of(*value, "code");
    if (!value || !value->is_string() || value->get_string().empty()) return std::nullopt;
    return std::string(value->get_string());
  }

  // As Fineract's mustache.java decides: false, an empty text and an empty list are not there; 0 is.
  const mustache::data* shell_of(const json::value& value) const {
    if (value.is_bool() && !value.get_bool()) return keep(mustache::data(false), nullptr);
    if (value.is_string() && value.get_string().empty()) return keep(mustache::data(false), nullptr);
    const auto* array = value.if_array();
    if (!array || day_in(value)) return keep(mustache::data(mustache::data::type::object), &value);
    if (array->size() > items_max) throw TooMuch();
    mustache::data list(mustache::data::type::list);
    for (std::size_t i = 0; i < array->size(); ++i) list.push_back(mustache::data(mustache::data::type::object));
    const auto* kept = keep(std::move(list), &value);
    for (std::size_t i = 0; i < array->size(); ++i) behind_[&kept->list_value()[i]] = &(*array)[i];
    return kept;
  }

  const mustache::data* keep(mustache::data shell, const json::value* value) const {
    shells_.push_back(std::move(shell));
    if (value) behind_[&shells_.back()] = value;
    return &shells_.back();
  }

  const mustache::data* written(const std::string& name, const std::string& form, const json::value* value) const {
    auto& said = result;
    if (!value || has_no_text(*value)) {
      if (std::ranges::find(said.missing, name) == said.missing.end()) said.missing.push_back(name);
      return nullptr;
    }
    auto text = text_of(name, form, *value);
    octets_ += text.size();
    if (octets_ > octets_max) throw TooMuch();
    shells_.emplace_back(std::move(text));
    return &shells_.back();
  }

  std::string text_of(const std::string& name, const std::string& form, const json::value& value) const {
    const auto writing = writing_of(name, form);
    const auto currency = writing.currency.empty() ? std::string_view(currency_) : writing.currency;
    const auto misfit = [&](const char* what) {
      auto given = as_given(value, locale_);
      if (writing.asked) result.unreadable.push_back(fmt::format("{}: '{}' is no {}", name, cut_utf8(given, 40), what));
      return given;
    };
    if (writing.kind == VariableKind::text)
      return writing.asked && value.is_string() ? std::string(value.get_string()) : as_given(value, locale_);
    if (writing.kind == VariableKind::day) {
      const auto day = day_in(value);
      return day ? day_text(*day, locale_, writing.day) : misfit("day");
    }
    const auto number = decimal_in(value);
    if (!number) return misfit("number");
    if (writing.kind == VariableKind::number) return number_text(*number, locale_);
    return writing.money ? money_text(*number, locale_, currency) : amount_text(*number, locale_, currency);
  }

  const json::value root_;
  const std::size_t size_;
  const json::value nothing_;
  const Locale& locale_;
  std::string currency_;
  std::vector<const json::value*> scopes_;
  std::size_t items_ = 0;
  mutable std::size_t octets_ = 0, questions_ = 0, comparisons_ = 0;
  mutable std::deque<mustache::data> shells_;
  mutable std::map<const mustache::data*, const json::value*> behind_;
};

}  // namespace

const std::vector<std::string_view>& template_forms() {
  static const std::vector<std::string_view> forms{"money",      "amount",    "number", "date",
                                                   "date:short", "date:long", "text"};
  return forms;
}

TemplateError template_error_at(std::string_view text, std::size_t at, std::string detail) {
  TemplateError error{.detail = std::move(detail)};
  const auto before = text.substr(0, at);
  error.line += static_cast<std::size_t>(std::ranges::count(before, '\n'));
  const auto line = before.substr(before.rfind('\n') + 1);
  error.column += static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
  return error;
}

tl::expected<Template, TemplateError> Template::parse(std::string_view text) {
  Template made;
  auto read = TemplateReader(text).read(made.tags_);
  if (!read) return tl::unexpected(std::move(read.error()));
  made.text_ = *std::move(read);
  if (mustache::mustache library(made.text_); !library.is_valid())
    return tl::unexpected(TemplateError{.detail = library.error_message()});
  return made;
}

Rendered Template::render(const json::object& values, const Locale& locale, std::string_view currency) const {
  try {
    Values context(values, text_.size(), locale, currency);
    context.result.text = mustache::mustache(text_).render(context);
    return std::move(context.result);
  } catch (const TooMuch&) {
    Rendered refused;
    refused.unreadable.emplace_back("lists and values make more of it than a message can be");
    return refused;
  }
}

}  // namespace smsbridge::bridge::text
