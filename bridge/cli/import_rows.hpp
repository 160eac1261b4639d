// SPDX-License-Identifier: MPL-2.0
// The rows of a file that becomes messages.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace smsbridge::bridge {

// Reads a row at a time. Throws ClientError where the file is none that can be read.
class ImportRows {
 public:
  // CSV (RFC 4180) with a line of names, or an object of JSON a line, by the end of the name: .csv, .ndjson or .jsonl.
  explicit ImportRows(const std::string& file);

  struct Row {
    std::uint64_t number = 0;  // the first is 1
    boost::json::object values;
    std::string why_not;  // it cannot be read
  };
  std::optional<Row> next();                                  // nothing: the end
  std::uint64_t octets_read() const { return octets_read_; }  // for a progress bar
  std::uint64_t octets() const { return octets_; }
  bool is_csv() const { return is_csv_; }
  const std::vector<std::string>& columns() const { return columns_; }  // of CSV

 private:
  bool line(std::string& text);
  Row row_of_csv(const std::string& text);
  static void row_of_json(const std::string& text, Row& row);

  std::ifstream in_;
  bool is_csv_ = false;
  std::uint64_t octets_ = 0, octets_read_ = 0, number_ = 0;
  std::vector<std::string> columns_;
};

// The column of the phone, where nobody names one: to, mobileNo, number or phone; empty: there is none of these. One
// for the whole file: row by row a balance would go to the number of an account. Throws ClientError where several could
// be meant.
std::string phone_column(const std::vector<std::string>& columns);

// Of the whole file, and of what else decides what its rows become: the same import has the same name, and its rows the
// same references, however often it is begun.
std::string import_name(const std::string& file, const std::string& how);

}  // namespace smsbridge::bridge
