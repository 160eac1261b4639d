// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/access/tenants.hpp"
#include "bridge/config/schedule.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/events/fineract_client.hpp"
#include "bridge/events/report_rows.hpp"
#include "bridge/events/schedule_groups.hpp"
#include "bridge/events/schedule_rows.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/routing/router.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a dry run found out.
struct DryRun {
  RowCounts counts;
  struct Rendered {
    std::size_t row = 0;  // of several the first
    std::string to, text, language;
    std::size_t parts = 0;
    std::string gateway;
  };
  std::vector<Rendered> first;                    // at most rendered_most
  std::vector<RefusedRow> refused;                // likewise
  std::map<std::string, Micro> price;             // by currency, of what has one
  std::size_t unpriced = 0;                       // messages
  std::map<store::GatewayId, std::size_t> parts;  // by gateway
  static constexpr std::size_t rendered_most = 20;
};

// One run of a schedule: the rows are read from Fineract, and become messages in slices. Each slice is one commit,
// which holds its messages, a mark for each of its rows and a line of the journal, on the condition that the run's task
// is still ours. A row whose mark is there was sent in this period, and is passed over: so nobody gets a second
// message, wherever the process dies and however often it is run. Where several rows are one message, all are read
// before the first slice; marks are those of messages then. One shard.
class ScheduleRun : public std::enable_shared_from_this<ScheduleRun> {
 public:
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    const Router& router;
    const Tenants& tenants;
    Intake& intake;
    MakeHttpTransport make_transport;
  };
  struct Order {
    SchedulePtr schedule;
    const Tenant* tenant = nullptr;          // as it is when the run begins
    std::optional<store::ClaimedTask> task;  // none: a dry run, which sends nothing
    WallMs period = 0, started_at = 0;
    WallMs keep_marks_until = 0;
  };
  struct Ended {
    enum class How : std::uint8_t {
      done,
      holiday,  // `detail` is its name
      stopped,
      later,   // Fineract does not answer: a repetition may help
      failed,  // it does not help
      lost,    // somebody else has the task
    } how = How::done;
    std::string detail;
  };

  // `ended` is called once, on the executor, never inside start().
  ScheduleRun(const Context& context, Order order, std::function<void(const Ended&)> ended);

  void start();
  // What is on its way to the disk gets there; what is out stays out.
  void stop() { stopping_ = true; }
  // The process ends: nobody is told, and the task is done after the next start.
  void abandon();
  // Likewise of a dry run: whoever asked is told.
  void cut_short();
  const Order& order() const { return order_; }
  const RowCounts& counts() const { return counts_; }
  const DryRun& found() const { return dry_run_; }

 private:
  // What is made of a slice.
  struct Slice {
    RowCounts counts;
    std::vector<Prepared> wishes;
    std::vector<std::size_t> numbers;  // of their rows
    std::vector<RefusedRow> refused;
    store::Batch along;
  };
  // A message of it.
  struct Wanted {
    std::size_t number = 0;  // of its row, or of its first
    std::string key, shown;
    std::function<Submission(const TemplateSettings*)> submission;
  };
  // Which messages of groups, and which of their refused rows, are the next.
  struct GroupsAt {
    std::size_t message = 0, refused = 0;
  };
  void ask_for_holidays();
  void ask_for_staff();
  void read();
  void took(FineractAnswer answer);
  void work();
  void more();
  std::string why_not_for_tenant();
  void take_slice();
  void gather();
  void done_with_slice();
  Slice made_of(const std::vector<ReportRow>& rows);
  Slice made_of_groups();
  void add_row(Slice& slice, const ReportRow& row);
  void add_group(Slice& slice, std::size_t message);
  static void refuse(Slice& slice, RefusedRow row);
  void add(Slice& slice, const Wanted& wanted);
  void look_at(const Slice& slice);
  void commit(Slice slice);
  void committed(const RowCounts& counts, const tl::expected<std::vector<Acceptance>, Problem>& result);
  void end_well();
  void end(Ended::How how, std::string detail = {});
  void fail(const FineractAnswer& answer);
  std::string mark_of(const std::string& key) const;

  const Context context_;
  const Order order_;
  const Tenant* tenant_;  // as it is now: a run takes long, and others change it meanwhile
  std::function<void(const Ended&)> ended_;
  std::unique_ptr<FineractClient> client_;
  std::unique_ptr<ReportRows> rows_;
  std::vector<ReportRow> slice_;  // that is not on the disk yet
  std::set<std::string> keys_;    // of rows that have a message, but no mark yet: in a dry run they never get one
  std::size_t page_rows_ = 0, offset_ = 0;
  WallMs asked_at_ = 0;                // whose day rows are compared with
  std::unique_ptr<RowGroups> groups_;  // none: each row is a message
  bool gathered_ = false;              // all rows are in them
  GroupsAt at_, behind_slice_;
  std::vector<std::string> not_seen_;  // columns of `where` in which no row had a value so far
  bool any_row_ = false;
  RowCounts counts_;
  DryRun dry_run_;
  bool stopping_ = false;
  log::Throttle said_;
};

}  // namespace smsbridge::bridge
