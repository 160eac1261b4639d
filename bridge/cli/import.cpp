// SPDX-License-Identifier: MPL-2.0
// smsbridge import: a message of each row of a file. Each row has a reference that follows from the file, so that the
// same command, begun again after whatever, sends nobody a second message.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/import_rows.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/text/csv.hpp"
#include "bridge/text/printable.hpp"
#include "bridge/text/variables.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t rows_at_once = 500, octets_at_once = 700 << 10;
constexpr int busy_wait_most_s = 30;
constexpr auto unreachable_for = std::chrono::seconds(30);
constexpr std::size_t shown_refused = 5;

struct ImportOptions : ClientOptions {
  std::string file, by_template, language, lane, sender, again, refused;
  std::string number_column, language_column;
  bool dry_run = false;
};

volatile std::sig_atomic_t import_interrupted = 0;
extern "C" void note_interrupt(int) {
  import_interrupted = 1;
  std::signal(SIGINT, SIG_DFL);  // the second one ends it at once
}

// "[######....] 61 %  12200 rows  2440/s  3 s left" on a terminal, else a line each ten seconds.
class ImportProgress {
 public:
  void show(const ImportRows& rows, std::uint64_t count, bool last) {
    const auto now = SteadyClock::now();
    if (!last && now - shown_ < (is_terminal_ ? std::chrono::milliseconds(200) : std::chrono::seconds(10))) return;
    if (last && !is_terminal_) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const double part =
        rows.octets() ? static_cast<double>(rows.octets_read()) / static_cast<double>(rows.octets()) : 1;
    const auto filled = static_cast<std::size_t>(std::min(part, 1.0) * 20);
    const auto rate = seconds > 0 ? static_cast<double>(count) / seconds : 0;
    const auto left = part > 0 ? seconds * (1 - std::min(part, 1.0)) / part : 0;
    std::cerr << (is_terminal_ ? "\r" : "")
              << fmt::format("[{}{}] {:3.0f} %  {} rows  {:.0f}/s  {:.0f} s left ", std::string(filled, '#'),
                             std::string(20 - filled, '.'), std::min(part, 1.0) * 100, count, rate, left)
              << (is_terminal_ && !last ? "" : "\n") << std::flush;
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  const SteadyClock::time_point began_ = SteadyClock::now();
  SteadyClock::time_point shown_ = began_;
};

// Rows that became no message, with the reason, in a file of the same kind, which can be mended and imported.
class RefusedRows {
 public:
  explicit RefusedRows(std::string file) : file_(std::move(file)) {}

  void add(const ImportRows& rows, const ImportRows::Row& row, const std::string& why) {
    ++count_;
    if (count_ <= shown_refused) std::cerr << "row " << row.number << ": " << text::printable(why) << "\n";
    if (!out_.is_open()) open(rows);
    out_ << (rows.is_csv() ? csv_of(rows, row, why) : json_of(row, why)) << '\n' << std::flush;
  }
  std::uint64_t count() const { return count_; }
  const std::string& file() const { return file_; }

 private:
  void open(const ImportRows& rows) {
    out_.open(file_, std::ios::binary | std::ios::trunc);
    if (!out_) throw ClientError(exit_failed, "cannot write " + file_ + ", the file of refused rows: see --refused");
    if (!rows.is_csv()) return;
    out_ << "row,why";
    for (const auto& column : rows.columns()) out_ << ',' << text::csv_cell(column);
    out_ << '\n';
  }
  static std::string csv_of(const ImportRows& rows, const ImportRows::Row& row, const std::string& why) {
    auto line = std::to_string(row.number) + "," + text::csv_cell(why);
    for (const auto& column : rows.columns()) {
      const auto* value = row.values.if_contains(column);
      line += ",";
      if (value && value->is_string()) line += text::csv_cell(std::string(value->get_string()));
    }
    return line;
  }
  static std::string json_of(const ImportRows::Row& row, const std::string& why) {
    json::object line{{"row", row.number}, {"why", why}};
    for (const auto& [name, value] : row.values) line.emplace(name, value);
    return json::serialize(line);
  }
  const std::string file_;
  std::ofstream out_;
  std::uint64_t count_ = 0;
};

std::string refused_file(const std::string& file) { return file + ".refused" + file.substr(file.rfind('.')); }

std::string text_value(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// The row as the API takes a message.
json::object message_of(const ImportOptions& options, const ImportRows::Row& row, const std::string& phone,
                        const std::string& import) {
  json::object message, variables;
  for (const auto& [column, value] : row.values) {
    if (value.is_null()) continue;
    if (text::equal_names(column, phone) && !message.contains("to")) {
      message["to"] = text_value(value);
    } else if (!options.language_column.empty() && text::equal_names(column, options.language_column)) {
      message["language"] = text_value(value);
    } else if (options.by_template.empty()) {
      if (column == "text") message["text"] = text_value(value);
    } else {
      variables[column] = value;
    }
  }
  if (!message.contains("to")) message["to"] = "";
  if (!options.by_template.empty()) {
    message["template"] = options.by_template;
    message["variables"] = std::move(variables);
    if (!message.contains("language") && !options.language.empty()) message["language"] = options.language;
  } else if (!message.contains("text")) {
    message["text"] = "";
    message.erase("language");
  }
  if (!options.lane.empty()) message["lane"] = options.lane;
  if (!options.sender.empty()) message["from"] = options.sender;
  message["client_ref"] = fmt::format("{}-{}", import, row.number);
  return message;
}

std::string why_in(const json::value& problem) {
  const auto* object = problem.if_object();
  const auto* detail = object ? object->if_contains("detail") : nullptr;
  return detail && detail->is_string() ? std::string(detail->get_string()) : json::serialize(problem);
}

void wait_for(const ClientAnswer& answer, int pause_s) {
  std::cerr << "\nwaits: " << text::printable(why_in(answer.body)) << "\n";
  std::this_thread::sleep_for(std::chrono::seconds(pause_s));
}

// Waits where the daemon has too much to do, or is being restarted; a 429 only where less at once cannot be asked for.
ClientAnswer call_patiently(const ImportOptions& options, const std::string& target, const std::string& body,
                            bool can_be_less = false) {
  const auto began = SteadyClock::now();
  for (int pause_s = 1;; pause_s = std::min(pause_s * 2, busy_wait_most_s)) {
    try {
      const auto answer = call(options, "POST", target, body);
      const bool busy = answer.status == 503 || answer.status == 507 || (answer.status == 429 && !can_be_less);
      if (!busy || import_interrupted) return answer;
      wait_for(answer, pause_s);
    } catch (const ClientError& error) {
      const bool may_pass = error.exit_code == exit_unreachable || error.exit_code == exit_timed_out;
      if (!may_pass || import_interrupted || SteadyClock::now() - began > unreachable_for) throw;
      std::this_thread::sleep_for(std::chrono::seconds(pause_s));
    }
  }
}

class Import {
 public:
  explicit Import(const ImportOptions& options)
      : options_(options),
        rows_(options.file),
        refused_(options.refused.empty() ? refused_file(options.file) : options.refused),
        name_(import_name(options.file, json::serialize(json::array{options.by_template, options.language, options.lane,
                                                                    options.sender, options.number_column,
                                                                    options.language_column, options.again}))),
        phone_(options.number_column.empty() ? phone_column(rows_.columns()) : options.number_column) {}

  int run() {
    std::signal(SIGINT, note_interrupt);
    std::signal(SIGTERM, note_interrupt);
    while (!import_interrupted) {
      auto row = rows_.next();
      if (!row) break;
      ++count_;
      const int code = options_.dry_run ? look_at(*row) : take(*std::move(row));
      if (code != exit_done) return code;
      progress_.show(rows_, count_, false);
    }
    if (const int code = import_interrupted && options_.dry_run ? exit_done : send(); code != exit_done) return code;
    progress_.show(rows_, count_, true);
    return say();
  }

 private:
  struct Waiting {
    ImportRows::Row row;
    std::string message;  // empty: it cannot be read
  };
  // Of NDJSON the first row that names one decides.
  const std::string& phone_of(const ImportRows::Row& row) {
    if (!phone_.empty() || !rows_.columns().empty()) return phone_;
    std::vector<std::string> names;
    for (const auto& [name, value] : row.values) names.emplace_back(name);
    return phone_ = phone_column(names);
  }

  // What cannot be read waits with the others, so that the refused ones keep their order.
  int take(ImportRows::Row row) {
    auto message =
        row.why_not.empty() ? json::serialize(message_of(options_, row, phone_of(row), name_)) : std::string();
    octets_ += message.size();
    batch_.push_back({.row = std::move(row), .message = std::move(message)});
    return batch_.size() >= rows_at_once || octets_ >= octets_at_once ? send() : exit_done;
  }

  int send() {
    octets_ = 0;
    const auto batch = std::exchange(batch_, {});
    for (std::span<const Waiting> left(batch); !left.empty();) {
      const auto some = left.first(std::min(left.size(), at_once_));
      const auto answer = ask_for(some);
      if (answer && answer->status == 429 && import_interrupted) return exit_done;  // what is left is not waited for
      if (answer && answer->status == 429 && some.size() > 1) {
        // A tenant's limits.rate refuses for ever what is more than it lets in within a second.
        at_once_ = some.size() / 2;
        wait_for(*answer, 1);
        continue;
      }
      if (answer && !answer->ok()) {
        const int code = report(*answer);
        std::cerr << how_to_go_on();
        return code;
      }
      note(some, answer ? &answer->body : nullptr);
      left = left.subspan(some.size());
      at_once_ = std::min(at_once_ * 2, rows_at_once);
    }
    return exit_done;
  }

  // Nothing: there is no message among them.
  std::optional<ClientAnswer> ask_for(std::span<const Waiting> some) const {
    std::string body;
    for (const auto& each : some)
      if (!each.message.empty()) body += (body.empty() ? "" : ",") + each.message;
    if (body.empty()) return std::nullopt;
    return call_patiently(options_, "/api/v1/messages/batch", "{\"messages\":[" + body + "]}", some.size() > 1);
  }

  void note(std::span<const Waiting> some, const json::value* answer) {
    std::size_t next = 0;
    for (const auto& [row, message] : some) {
      const auto* item = message.empty() ? nullptr : &answer->at("items").at(next++).as_object();
      const auto* problem = item ? item->if_contains("problem") : nullptr;
      if (item && !problem)
        ++accepted_;
      else
        refused_.add(rows_, row, problem ? why_in(*problem) : row.why_not);
    }
  }

  int look_at(const ImportRows::Row& row) {
    if (!row.why_not.empty()) {
      refused_.add(rows_, row, row.why_not);
      return exit_done;
    }
    auto message = message_of(options_, row, phone_of(row), name_);
    message.erase("client_ref");
    const auto answer = call_patiently(options_, "/api/v1/messages/preview", json::serialize(message));
    if (answer.status == 422) {
      refused_.add(rows_, row, why_in(answer.body));
      return exit_done;
    }
    if (!answer.ok()) return report(answer);
    const auto& shown = answer.body.as_object();
    ++accepted_;
    parts_ += shown.at("parts").to_number<std::uint64_t>();
    if (accepted_ == 1) std::cerr << "\nthe first: " << text::printable(text_of(shown, "text")) << "\n";
    return exit_done;
  }

  std::string how_to_go_on() const {
    return "to go on, give the same command again: rows that were accepted are not sent twice\n";
  }

  int say() const {
    if (options_.json) {
      std::cout << json::serialize(json::object{{"import", name_},
                                                {"rows", count_},
                                                {"accepted", accepted_},
                                                {"refused", refused_.count()},
                                                {"interrupted", import_interrupted != 0}})
                << "\n";
    } else if (options_.dry_run) {
      std::cout << count_ << " rows: " << accepted_ << " messages in " << parts_ << " parts, " << refused_.count()
                << " refused; nothing was sent\n";
    } else {
      std::cout << count_ << " rows: " << accepted_ << " messages accepted, " << refused_.count() << " refused ("
                << name_ << ")\n";
    }
    if (refused_.count() > 0) std::cerr << "the refused rows, with reasons: " << refused_.file() << "\n";
    if (import_interrupted) {
      std::cerr << "interrupted. " << how_to_go_on();
      return exit_interrupted;
    }
    return refused_.count() == 0 ? exit_done : accepted_ > 0 ? exit_partly : exit_failed;
  }

  const ImportOptions& options_;
  ImportRows rows_;
  RefusedRows refused_;
  const std::string name_;
  std::string phone_;  // the column
  ImportProgress progress_;
  std::vector<Waiting> batch_;
  std::size_t octets_ = 0, at_once_ = rows_at_once;
  std::uint64_t count_ = 0, accepted_ = 0, parts_ = 0;
};

}  // namespace

void add_import(CLI::App& app, Run& run) {
  auto options = std::make_shared<ImportOptions>();
  auto* command = app.add_subcommand("import", "A message of each row of a file, CSV with a line of names or NDJSON");
  add_client_options(*command, *options);
  add_tenant_option(*command, *options);
  command->add_option("file", options->file, "FILE.csv, FILE.ndjson or FILE.jsonl")->required();
  command->add_option("--template", options->by_template, "Of which columns are the variables; else column 'text'");
  command->add_option("--language", options->language, "Of the template's text; else the tenant's first");
  command->add_option("--language-column", options->language_column, "Column of the language");
  command->add_option("--number-column", options->number_column,
                      "Column of the phone; else to, mobileNo, number or phone");
  std::vector<std::string> lanes;
  for (const auto& [word, lane] : lane_choices()) lanes.push_back(word);
  command->add_option("--lane", options->lane, "otp, transaction, reminder or campaign; else the template's")
      ->check(CLI::IsMember(lanes));
  command->add_option("--from", options->sender, "Sender");
  command->add_option("--refused", options->refused,
                      "Where refused rows are written; else FILE.refused.csv or .ndjson");
  command->add_option("--again", options->again, "A word that was not used yet: the same file once more, to everybody");
  command->add_flag("-n,--dry-run", options->dry_run, "Only look at each row: what is refused, how many parts");
  command->footer(
      "The same command again, after Ctrl-C or a crash, goes on: no row is sent twice.\n"
      "Exit codes: 0 all rows, 3 some were refused, 1 all were, 130 interrupted.");
  command->callback([options, &run] { run = [options] { return Import(*options).run(); }; });
}

}  // namespace smsbridge::bridge
