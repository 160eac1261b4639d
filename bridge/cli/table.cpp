// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <numeric>
#include <ostream>

#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t usual_width = 80, gap = 2;
constexpr std::size_t narrowest = 9;    // narrower columns say nothing
constexpr std::size_t kept_whole = 16;  // of columns that are cut last; a number has no more
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

// The widths of characters are the C library's, whatever the locale of the user: our output is UTF-8.
class Utf8Locale {
 public:
  Utf8Locale() : before_(::uselocale(utf8())) {}
  ~Utf8Locale() { ::uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static ::locale_t utf8() {
    static const ::locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return made;
  }
  const ::locale_t before_;
};

// Octets and columns of the first character.
std::pair<std::size_t, std::size_t> measure(std::string_view text) {
  std::mbstate_t state{};
  wchar_t character = 0;
  const auto octets = std::mbrtowc(&character, text.data(), text.size(), &state);
  if (octets == 0 || octets > text.size()) return {1, 1};
  const int columns = ::wcwidth(character);
  return {octets, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

// The longest beginning of that many columns.
std::string_view beginning(std::string_view text, std::size_t cells_max) {
  const Utf8Locale locale;
  std::size_t at = 0, used = 0;
  while (at < text.size()) {
    const auto [octets, columns] = measure(text.substr(at));
    if (used + columns > cells_max) break;
    used += columns;
    at += octets;
  }
  return text.substr(0, at);
}

}  // namespace

std::size_t cells(std::string_view text) {
  const Utf8Locale locale;
  std::size_t sum = 0;
  while (!text.empty()) {
    const auto [octets, columns] = measure(text);
    sum += columns;
    text.remove_prefix(octets);
  }
  return sum;
}

std::string fitted(std::string_view text, std::size_t cells_max) {
  if (cells_max == 0) return {};
  if (beginning(text, cells_max).size() == text.size()) return std::string(text);
  return std::string(beginning(text, cells_max - 1)) + std::string(ellipsis);
}

std::size_t terminal_width() {
  if (const char* columns = std::getenv("COLUMNS"))
    if (const int width = std::atoi(columns); width > 0) return static_cast<std::size_t>(width);
  ::winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return usual_width;
}

Table::Table(std::vector<std::string> head, bool terminal, std::size_t width)
    : terminal_(terminal), width_(width), head_(std::move(head)) {}

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = text::printable(cell);
  rows_.push_back(std::move(row));
}

void Table::leave_out(std::size_t column) {
  left_out_.push_back(head_[columns_[column]]);
  columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(column));
  widths_.erase(widths_.begin() + static_cast<std::ptrdiff_t>(column));
}

// The widest column gives way to the others; the first, which names the row, stays whole, and those that are cut last
// do as long as others have more than the least.
void Table::lay_out() {
  columns_.resize(head_.size());
  std::iota(columns_.begin(), columns_.end(), 0);
  widths_.assign(head_.size(), 0);
  const auto widen = [this](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < std::min(row.size(), widths_.size()); ++i)
      widths_[i] = std::max(widths_[i], cells(row[i]));
  };
  widen(head_);
  widen(expected_);
  for (const auto& row : rows_) widen(row);
  const auto needed = [this](std::size_t most) {
    std::size_t sum = gap * (widths_.size() - 1);
    for (std::size_t i = 0; i < widths_.size(); ++i) sum += i == 0 ? widths_[i] : std::min(widths_[i], most);
    return sum;
  };
  for (const auto& name : dispensable_) {
    if (needed(narrowest) <= width_) break;
    const auto at = std::ranges::find_if(columns_, [&](auto column) { return head_[column] == name; });
    if (at != columns_.end()) leave_out(static_cast<std::size_t>(at - columns_.begin()));
  }
  while (columns_.size() > 1 && needed(narrowest) > width_) leave_out(columns_.size() - 1);
  const auto to_give = [this](std::size_t i) {
    const bool last = std::ranges::find(cut_last_, head_[columns_[i]]) != cut_last_.end();
    return last && widths_[i] <= kept_whole ? std::min(widths_[i], narrowest - 1) : widths_[i];
  };
  while (needed(width_) > width_ && widths_.size() > 1) {
    std::size_t widest = 1;
    for (std::size_t i = 2; i < widths_.size(); ++i)
      if (to_give(i) > to_give(widest)) widest = i;
    --widths_[widest];
  }
  widths_.front() = std::min(widths_.front(), width_);
}

void Table::print_row(std::ostream& out, const std::vector<std::string>& row) const {
  std::string line;
  for (std::size_t i = 0; i < columns_.size() && columns_[i] < row.size(); ++i) {
    const auto cell = fitted(row[columns_[i]], widths_[i]);
    line += cell + std::string(widths_[i] - cells(cell) + gap, ' ');
  }
  out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
}

void Table::print(std::ostream& out) {
  if (!terminal_) {
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) out << row[i] << (i + 1 < row.size() ? '\t' : '\n');
  } else {
    if (!laid_out_) {
      laid_out_ = true;
      lay_out();
      print_row(out, head_);
      std::string left_out;
      for (const auto& name : left_out_) left_out += (left_out.empty() ? "(too narrow for " : ", ") + name;
      if (!left_out.empty()) out << fitted(left_out + ")", width_) << '\n';
    }
    for (const auto& row : rows_) print_row(out, row);
  }
  rows_.clear();
}

}  // namespace smsbridge::bridge
