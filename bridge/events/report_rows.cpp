// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/report_rows.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <deque>
#include <utility>

#include "bridge/text/variables.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t fed_at_once = 16 << 10;  // octets; a slice grows by no more than their rows
constexpr std::size_t cell_octets_max = 4000, cells_max = 500;

// Where in the answer the parser is, and what that means.
class RowHandler {
 public:
  static constexpr std::size_t any_size = ~std::size_t{0}, max_object_size = any_size, max_array_size = any_size,
                               max_key_size = 1000, max_string_size = 1 << 20;
  using error_code = boost::system::error_code;
  using text_view = json::string_view;

  std::deque<ReportRow> rows;
  bool has_rows = false;  // the answer has a place for them
  std::string error;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open(false); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_array_begin(error_code&) { return open(true); }
  bool on_array_end(std::size_t, error_code&) { return close(); }
  bool on_key_part(text_view part, std::size_t, error_code&) { return text_.append(part), true; }
  bool on_key(text_view part, std::size_t, error_code&) {
    text_.append(part);
    places_.back().key = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(text_view part, std::size_t, error_code&) { return text_.append(part), true; }
  bool on_string(text_view part, std::size_t, error_code&) { return text_.append(part), value(); }
  bool on_number_part(text_view part, error_code&) { return text_.append(part), true; }
  bool on_int64(std::int64_t, text_view part, error_code&) { return text_.append(part), value(); }
  bool on_uint64(std::uint64_t, text_view part, error_code&) { return text_.append(part), value(); }
  bool on_double(double, text_view part, error_code&) { return text_.append(part), value(); }
  bool on_bool(bool yes, error_code&) { return text_ = yes ? "true" : "false", value(); }
  bool on_null(error_code&) { return skip(); }
  bool on_comment_part(text_view, error_code&) { return true; }
  bool on_comment(text_view, error_code&) { return true; }

 private:
  struct Place {
    bool array = false;
    std::string key;        // of an object, the member that is read
    std::size_t index = 0;  // of an array
  };

  bool is_at(std::size_t depth, bool array) const { return depth < places_.size() && places_[depth].array == array; }
  // {"data":[{"row":[ and what is inside of the row.
  bool in_row_of_report() const {
    return is_at(3, true) && is_at(2, false) && places_[0].key == "data" && places_[2].key == "row";
  }
  // The depth of the object that is a row: [{ or {"pageItems":[{; 0: there is none.
  std::size_t row_object() const {
    if (is_at(0, true)) return is_at(1, false) ? 1 : 0;
    return is_at(1, true) && is_at(2, false) && places_[0].key == "pageItems" ? 2 : 0;
  }

  bool open(bool array) {
    places_.push_back({.array = array, .key = {}});
    const auto depth = places_.size() - 1;
    if (depth == 0 && array) has_rows = true;
    if (depth == 1 && array && (places_[0].key == "data" || places_[0].key == "pageItems")) has_rows = true;
    const bool of_report = depth == 3 && in_row_of_report();
    if (of_report || (depth > 0 && depth == row_object())) row_ = {};
    if (array) parts_.clear();
    return true;
  }
  bool close() {
    const auto depth = places_.size() - 1;
    const auto row_depth = in_row_of_report() ? 3 : row_object();
    const bool is_row = row_depth > 0 && depth == row_depth;
    const bool is_day = row_depth > 0 && depth == row_depth + 1 && places_.back().array;
    if (is_row) rows.push_back(std::exchange(row_, {}));
    places_.pop_back();
    if (is_day && !parts_.empty()) {
      text_ = day_of_parts();
      return value();
    }
    return skip();
  }
  bool skip() {
    text_.clear();
    if (!places_.empty() && places_.back().array) ++places_.back().index;
    return true;
  }
  bool value() {
    auto text = std::exchange(text_, {});
    if (places_.empty()) return true;
    const auto depth = places_.size() - 1;
    const auto& here = places_.back();
    if (depth == 2 && places_[0].key == "columnHeaders" && here.key == "columnName") columns_.push_back(text);
    if (in_row_of_report()) {
      if (depth == 3 && here.index < columns_.size())
        add(columns_[here.index], std::move(text));
      else if (depth == 4 && here.array)
        parts_.push_back(std::move(text));
    } else if (const auto row_depth = row_object()) {
      if (depth == row_depth)
        add(here.key, std::move(text));
      else if (depth == row_depth + 1 && here.array)
        parts_.push_back(std::move(text));
      else if (depth == row_depth + 1)
        add(places_[row_depth].key + "." + here.key, std::move(text));
    }
    return skip();
  }
  void add(const std::string& column, std::string text) {
    if (row_.cells.size() < cells_max && text.size() <= cell_octets_max)
      row_.cells.emplace_back(column, std::move(text));
  }
  // [2024,12,25], and with a time of day behind.
  std::string day_of_parts() {
    std::string text;
    for (std::size_t i = 0; i < parts_.size() && i < 6; ++i) {
      const bool short_one = parts_[i].size() == 1;
      text += (i == 0 ? "" : i < 3 ? "-" : i == 3 ? " " : ":") + std::string(short_one ? "0" : "") + parts_[i];
    }
    parts_.clear();
    return text;
  }

  std::vector<Place> places_;
  std::vector<std::string> columns_, parts_;
  std::string text_;
  ReportRow row_;
};

}  // namespace

std::string_view ReportRow::cell(std::string_view column) const {
  for (const auto& [name, value] : cells)
    if (text::equal_names(name, column)) return value;
  return {};
}

class ReportRows::Reading {
 public:
  explicit Reading(std::string text) : text_(std::move(text)), parser_(options()) {}

  std::vector<ReportRow> next(std::size_t most) {
    auto& handler = parser_.handler();
    while (handler.rows.size() < most && fed_ < text_.size() && error_.empty()) feed();
    if (error_.empty() && fed_ == text_.size() && !handler.has_rows)
      error_ = "the answer has no rows: neither data nor a list";
    std::vector<ReportRow> slice;
    for (; slice.size() < most && !handler.rows.empty(); handler.rows.pop_front())
      slice.push_back(std::move(handler.rows.front()));
    return slice;
  }
  const std::string& error() const { return error_; }

 private:
  static json::parse_options options() {
    json::parse_options options;
    options.max_depth = 32;
    return options;
  }
  void feed() {
    if (parser_.done()) {  // what stands behind it is white space
      fed_ = text_.size();
      return;
    }
    const auto size = std::min(fed_at_once, text_.size() - fed_);
    const bool more = fed_ + size < text_.size();
    boost::system::error_code error;
    parser_.write_some(more, text_.data() + fed_, size, error);
    if (error) error_ = fmt::format("the answer is no JSON near its octet {}: {}", fed_, error.message());
    fed_ += size;
  }

  const std::string text_;
  std::size_t fed_ = 0;
  std::string error_;
  json::basic_parser<RowHandler> parser_;
};

ReportRows::ReportRows(std::string text) : reading_(std::make_unique<Reading>(std::move(text))) {}
ReportRows::~ReportRows() = default;
std::vector<ReportRow> ReportRows::next(std::size_t most) { return reading_->next(most); }
const std::string& ReportRows::error() const { return reading_->error(); }

}  // namespace smsbridge::bridge
