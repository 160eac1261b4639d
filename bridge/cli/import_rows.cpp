// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/import_rows.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <memory>

#include "bridge/cli/client.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/text/csv.hpp"
#include "bridge/text/ucs2.hpp"
#include "bridge/text/variables.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t row_octets_max = 64 << 10;
constexpr std::array<std::string_view, 4> phone_names = {"to", "mobileNo", "number", "phone"};
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// A quote that is open goes on in the next line.
bool is_whole(const std::string& text) { return std::ranges::count(text, '"') % 2 == 0; }

}  // namespace

ImportRows::ImportRows(const std::string& file) : in_(file, std::ios::binary) {
  if (!in_ || !std::filesystem::is_regular_file(file))
    throw ClientError(exit_usage, "cannot read " + file + ": an import takes a file, which can be read again");
  octets_ = std::filesystem::file_size(file);
  is_csv_ = file.ends_with(".csv") || file.ends_with(".CSV");
  if (!is_csv_ && !file.ends_with(".ndjson") && !file.ends_with(".jsonl"))
    throw ClientError(exit_usage, file + ": the name of the file says how it is read: .csv, .ndjson or .jsonl");
  std::string head;
  if (!is_csv_ || !line(head)) return;
  columns_ = text::csv_cells(head);
  if (columns_.size() == 1 && head.find(';') != std::string::npos)
    throw ClientError(exit_usage, file + ": the fields are separated by semicolons: save it with commas (RFC 4180)");
  for (const auto& column : columns_)
    if (column.empty() || std::ranges::count(columns_, column) > 1)
      throw ClientError(exit_usage, file + ": the first line has to name each column, and no two alike");
}

bool ImportRows::line(std::string& text) {
  text.clear();
  std::string more;
  while (std::getline(in_, more)) {
    octets_read_ += more.size() + 1;
    if (octets_read_ == more.size() + 1 && more.starts_with(byte_order_mark)) more.erase(0, byte_order_mark.size());
    text += (text.empty() ? "" : "\n") + more;
    if (text.size() > row_octets_max || !is_csv_ || is_whole(text)) return true;
  }
  return !text.empty();
}

std::optional<ImportRows::Row> ImportRows::next() {
  std::string text;
  do {
    if (!line(text)) return std::nullopt;
  } while (text.empty() || text == "\r");
  if (is_csv_) return row_of_csv(text);
  Row row{.number = ++number_, .values = {}, .why_not = {}};
  row_of_json(text, row);
  return row;
}

ImportRows::Row ImportRows::row_of_csv(const std::string& text) {
  Row row{.number = ++number_, .values = {}, .why_not = {}};
  const auto cells = text::csv_cells(text);
  if (text.size() > row_octets_max)
    row.why_not = "the row is longer than 64 KiB: is a quote not closed?";
  else if (!text::is_valid_utf8(text))
    row.why_not = "the row is not UTF-8";
  else if (cells.size() != columns_.size())
    row.why_not = "the row has " + std::to_string(cells.size()) + " fields and not " + std::to_string(columns_.size());
  const bool is_text = text::is_valid_utf8(text) && text.size() <= row_octets_max;
  for (std::size_t i = 0; is_text && i < std::min(cells.size(), columns_.size()); ++i)
    if (!cells[i].empty()) row.values[columns_[i]] = cells[i];
  return row;
}

void ImportRows::row_of_json(const std::string& text, Row& row) {
  boost::system::error_code error;
  auto value = text.size() > row_octets_max ? boost::json::value() : boost::json::parse(text, error);
  if (error || !value.is_object())
    row.why_not = error ? "the row is no JSON: " + error.message() : "the row is no object, or longer than 64 KiB";
  else
    row.values = std::move(value.get_object());
}

std::string phone_column(const std::vector<std::string>& columns) {
  std::string found;
  for (const auto& column : columns) {
    const auto is_this = [&](std::string_view name) { return text::equal_names(column, name); };
    if (std::ranges::none_of(phone_names, is_this)) continue;
    if (!found.empty())
      throw ClientError(exit_usage, "the columns '" + found + "' and '" + column +
                                        "' could both be the phone: say which with --number-column");
    found = column;
  }
  return found;
}

std::string import_name(const std::string& file, const std::string& how) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::ifstream in(file, std::ios::binary);
  std::array<char, 64 << 10> piece{};
  if (!in || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1)
    throw ClientError(exit_usage, "cannot read " + file);
  EVP_DigestUpdate(hash.get(), how.data(), how.size());
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0)
    EVP_DigestUpdate(hash.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_DigestFinal_ex(hash.get(), out.data(), &size);
  return "imp-" + http_gateways::hex({reinterpret_cast<const char*>(out.data()), 8});
}

}  // namespace smsbridge::bridge
