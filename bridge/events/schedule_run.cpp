// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "bridge/env/log.hpp"
#include "bridge/events/schedule_journal.hpp"
#include "bridge/events/schedule_rows.hpp"
#include "bridge/intake/by_template.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using How = ScheduleRun::Ended::How;
using Answered = FineractAnswer::End;

constexpr std::size_t slice_rows = 200, page_rows = 500;
constexpr std::size_t slice_listed_rows = 1000;  // of groups, beyond which a slice takes no other one
constexpr Duration commit_again = 1s;
constexpr std::size_t refused_octets = store::journal_body_max - 1000;  // of a line; the end counts all of them
const std::string mark_scope = "schedule";

}  // namespace

ScheduleRun::ScheduleRun(const Context& context, Order order, std::function<void(const Ended&)> ended)
    : context_(context), order_(std::move(order)), tenant_(order_.tenant), ended_(std::move(ended)) {}

void ScheduleRun::start() {
  const auto& tenant = order_.tenant->config;
  if (!tenant.fineract)
    return end(How::failed, "the tenant '" + tenant.name + "' has no 'fineract': say in its settings how it is asked");
  client_ = std::make_unique<FineractClient>(*tenant.fineract, tenant.name, context_.executor, context_.make_transport,
                                             context_.clock);
  asked_at_ = context_.clock.wall();
  for (const auto& [column, value] : order_.schedule->where) not_seen_.push_back(column);
  for (const auto& column : order_.schedule->group_by) not_seen_.push_back(column);
  if (order_.schedule->holidays == ScheduleSettings::Holidays::skip) return ask_for_holidays();
  ask_for_staff();
}

void ScheduleRun::ask_for_holidays() {
  client_->get("holidays?officeId=" + std::to_string(order_.schedule->office),
               [self = shared_from_this()](const FineractAnswer& answer) {
                 if (!answer.ok()) return self->fail(answer);
                 const auto& zone = zone_of(*self->order_.schedule, self->order_.tenant->config);
                 auto holiday = holiday_on(answer.body, self->context_.clock.wall(), zone);
                 if (!holiday.empty()) return self->end(How::holiday, std::move(holiday));
                 self->ask_for_staff();
               });
}

// Once a run, and only if it has to know.
void ScheduleRun::ask_for_staff() {
  const auto& schedule = *order_.schedule;
  if (schedule.to == ScheduleSettings::To::row) {
    if (schedule.is_grouped()) groups_ = std::make_unique<RowGroups>(schedule, StaffList());
    return read();
  }
  client_->get("staff?status=active", [self = shared_from_this()](const FineractAnswer& answer) {
    if (!answer.ok()) return self->fail(answer);
    if (!answer.body.is_array()) return self->end(How::failed, "Fineract's answer to 'staff' is no list");
    self->groups_ = std::make_unique<RowGroups>(*self->order_.schedule, StaffList(answer.body));
    self->read();
  });
}

void ScheduleRun::read() {
  const auto& schedule = *order_.schedule;
  const auto path = schedule.list == ScheduleSettings::List::none
                        ? report_path(schedule, asked_at_, zone_of(schedule, order_.tenant->config))
                        : list_path(offset_, page_rows);
  page_rows_ = 0;
  client_->get_text(path, [self = shared_from_this()](FineractAnswer answer) { self->took(std::move(answer)); });
}

void ScheduleRun::took(FineractAnswer answer) {
  if (!answer.ok()) return fail(answer);
  rows_ = std::make_unique<ReportRows>(std::move(answer.text));
  work();
}

// ---- slice by slice ----

// Empty: it may send. One that is another by now under the same name has another number.
std::string ScheduleRun::why_not_for_tenant() {
  const auto& name = order_.tenant->config.name;
  const auto* now = context_.tenants.find(name);
  if (!now || now->id != order_.tenant->id) return "the tenant '" + name + "' is gone";
  tenant_ = now;
  return now->config.enabled ? std::string() : why_suspended(now->config);
}

void ScheduleRun::work() {
  if (stopping_) return end(How::stopped);
  if (auto why = why_not_for_tenant(); !why.empty()) return end(How::stopped, std::move(why));
  if (gathered_)
    return at_.message < groups_->messages() || at_.refused < groups_->refused().size() ? take_slice() : end_well();
  if (slice_.empty()) {
    slice_ = rows_->next(slice_rows);
    if (!rows_->error().empty()) return end(How::failed, rows_->error());
    page_rows_ += slice_.size();
    any_row_ = any_row_ || !slice_.empty();
    for (const auto& row : slice_)
      std::erase_if(not_seen_, [&](const std::string& column) { return !row.cell(column).empty(); });
  }
  if (slice_.empty()) return more();
  if (groups_) return gather();
  take_slice();
}

// A list goes on with its next page; a report ends here, and its groups begin.
void ScheduleRun::more() {
  if (order_.schedule->list != ScheduleSettings::List::none && page_rows_ >= page_rows) {
    offset_ += page_rows;
    return read();
  }
  if (!groups_) return end_well();
  const auto& apart = order_.schedule->group_by;
  for (const auto& column : not_seen_)
    if (any_row_ && std::ranges::find(apart, column) != apart.end())
      return end(How::failed, "no row has a value in the column '" + column + "' of 'group_by': is it misspelt?");
  if (groups_->beyond() > 0)
    log::error("schedules", "a schedule has more groups than a run sends: their rows are refused", "schedule",
               order_.schedule->name, "most", RowGroups::groups_most, "rows", groups_->beyond());
  gathered_ = true;
  rows_.reset();
  work();
}

void ScheduleRun::gather() {
  const auto& zone = zone_of(*order_.schedule, order_.tenant->config);
  for (const auto& row : slice_)
    if (is_wanted(*order_.schedule, row, asked_at_, zone)) groups_->add(row);
  done_with_slice();
}

void ScheduleRun::take_slice() {
  if (order_.task) keys_.clear();
  auto slice = gathered_ ? made_of_groups() : made_of(slice_);
  if (order_.task) return commit(std::move(slice));
  look_at(slice);
  done_with_slice();
}

void ScheduleRun::done_with_slice() {
  slice_.clear();
  at_ = behind_slice_;
  // Others of the shard have their turn; and not from inside: with nothing to write the answer comes at once.
  boost::asio::post(context_.executor, [self = shared_from_this()] { self->work(); });
}

std::string ScheduleRun::mark_of(const std::string& key) const {
  return fmt::format("{}/{}/{}/{}", order_.tenant->id, order_.schedule->name, order_.period, key);
}

ScheduleRun::Slice ScheduleRun::made_of(const std::vector<ReportRow>& rows) {
  Slice slice;
  for (const auto& row : rows) add_row(slice, row);
  return slice;
}

ScheduleRun::Slice ScheduleRun::made_of_groups() {
  Slice slice;
  behind_slice_ = at_;
  const auto& refused = groups_->refused();
  for (; behind_slice_.refused < refused.size() && slice.refused.size() < slice_rows; ++behind_slice_.refused)
    slice.refused.push_back(refused[behind_slice_.refused]);
  slice.counts.rows = slice.counts.refused = slice.refused.size();
  if (at_.refused < refused.size() && behind_slice_.refused == refused.size())
    slice.counts.rows += groups_->refused_besides(), slice.counts.refused = slice.counts.rows;
  for (std::size_t listed = 0, messages = 0; behind_slice_.message < groups_->messages(); ++behind_slice_.message) {
    if (messages++ == slice_rows || listed >= slice_listed_rows) break;
    listed += groups_->group(behind_slice_.message).rows.size();
    add_group(slice, behind_slice_.message);
  }
  return slice;
}

void ScheduleRun::add_row(Slice& slice, const ReportRow& row) {
  const auto& schedule = *order_.schedule;
  if (!is_wanted(schedule, row, asked_at_, zone_of(schedule, order_.tenant->config))) return;
  const auto number = counts_.rows + ++slice.counts.rows;
  if (!has_key(schedule, row))
    return refuse(slice, refused_row(number, shown_id(schedule, row), "has no value in the columns of 'key'"));
  add(slice, {.number = number,
              .key = row_key(schedule, row),
              .shown = shown_id(schedule, row),
              .submission = [&](const auto* made) { return submission_of(schedule, made, row); }});
}

void ScheduleRun::add_group(Slice& slice, std::size_t message) {
  const auto& group = groups_->group(message);
  if (groups_->is_first_of_group(message)) slice.counts.rows += group.count;
  if (const auto to = groups_->receiver(message); !to)
    return refuse(slice, refused_row(group.first_row, groups_->shown(message), to.error()));
  add(slice, {.number = group.first_row,
              .key = groups_->key(message),
              .shown = groups_->shown(message),
              .submission = [&](const auto* made) { return groups_->submission(message, made); }});
}

void ScheduleRun::refuse(Slice& slice, RefusedRow row) {
  ++slice.counts.refused;
  slice.refused.push_back(std::move(row));
}

void ScheduleRun::add(Slice& slice, const Wanted& wanted) {
  const auto key = mark_of(wanted.key);
  if (keys_.contains(key) || context_.store.reader().mark(mark_scope, key, context_.clock.wall())) {
    ++slice.counts.repeated;
    return;
  }
  const auto made = template_for(*context_.router.table(), order_.schedule->by_template, tenant_->config.name);
  auto submission = wanted.submission(made.get());
  auto prepared = order_.task ? context_.intake.prepare_to_send(std::move(submission), *tenant_)
                              : context_.intake.prepare(std::move(submission), *tenant_);
  if (prepared.refusal) {
    refuse(slice, refused_row(wanted.number, wanted.shown, prepared.refusal->detail));
  } else {
    ++slice.counts.sent;
    keys_.insert(key);
    slice.counts.parts += prepared.enqueue.content.parts;
    slice.along.marks.push_back({.scope = mark_scope, .key = key, .value = {}, .expires_at = order_.keep_marks_until});
  }
  slice.wishes.push_back(std::move(prepared));
  slice.numbers.push_back(wanted.number);
}

void ScheduleRun::look_at(const Slice& slice) {
  auto& found = dry_run_;
  const auto table = context_.router.table();
  for (std::size_t i = 0; i < slice.wishes.size(); ++i) {
    const auto& wish = slice.wishes[i];
    if (wish.refusal) continue;
    const auto& content = wish.enqueue.content;
    const auto gateway = table->gateway(content.gateway);
    found.parts[content.gateway] += content.parts;
    if (const auto* price = table->prices->find(content.gateway, content.to))
      found.price[price->currency] += price->part * static_cast<std::int64_t>(content.parts);
    else
      ++found.unpriced;
    if (found.first.size() >= DryRun::rendered_most) continue;
    const auto made_by = read_made_by(content.made_by);
    found.first.push_back({.row = slice.numbers[i],
                           .to = content.to,
                           .text = content.text,
                           .language = made_by ? made_by->language : std::string(),
                           .parts = content.parts,
                           .gateway = gateway ? gateway->name : std::string()});
  }
  for (const auto& row : slice.refused)
    if (found.refused.size() < DryRun::rendered_most) found.refused.push_back(row);
  counts_.rows += slice.counts.rows;
  counts_.sent += slice.counts.sent;
  counts_.repeated += slice.counts.repeated;
  counts_.refused += slice.counts.refused;
  counts_.parts += slice.counts.parts;
  found.counts = counts_;
}

void ScheduleRun::commit(Slice slice) {
  json::array refused;
  std::size_t octets = 0;
  for (const auto& row : slice.refused) {
    json::object each{{"row", row.row}, {"id", row.id}, {"why", row.why}};
    octets += json::serialize(each).size() + 1;
    if (octets > refused_octets) break;
    refused.push_back(std::move(each));
  }
  const auto& task = *order_.task;
  slice.along.only_if.emplace_back(store::TaskHeld{.task = task.task, .lease = task.lease});
  slice.along.journal.push_back(run_line(run_lines(order_.schedule->name, order_.started_at), order_.tenant->id,
                                         {{"event", "slice"},
                                          {"rows", slice.counts.rows},
                                          {"sent", slice.counts.sent},
                                          {"repeated", slice.counts.repeated},
                                          {"refused", std::move(refused)}}));
  context_.intake.accept(
      *tenant_, std::move(slice.wishes), Intake::WhenBusy::wait, context_.executor,
      [self = shared_from_this(), counts = slice.counts](const auto& result) { self->committed(counts, result); },
      std::move(slice.along));
}

// What could not be written, or perhaps was, is made anew: by then the marks say which of it is there.
void ScheduleRun::committed(const RowCounts& counts, const tl::expected<std::vector<Acceptance>, Problem>& result) {
  if (!result && result.error().code == ProblemCode::state_conflict) return end(How::lost);
  if (!result) {
    if (const auto times = said_.due("not kept", context_.clock.now()))
      log::error("schedules", "messages of a schedule could not be stored: it goes on when they can", "schedule",
                 order_.schedule->name, "why", result.error().detail, "times", times);
    const auto timer = std::shared_ptr<Timer>(context_.clock.timer(context_.executor));
    return timer->at(context_.clock.now() + commit_again, [self = shared_from_this(), timer] { self->work(); });
  }
  const auto& metrics = tenant_->metrics.schedule_rows;
  metrics[metrics::ScheduleRow::sent]->Increment(static_cast<double>(counts.sent));
  metrics[metrics::ScheduleRow::repeated]->Increment(static_cast<double>(counts.repeated));
  metrics[metrics::ScheduleRow::refused]->Increment(static_cast<double>(counts.refused));
  counts_.rows += counts.rows;
  counts_.sent += counts.sent;
  counts_.repeated += counts.repeated;
  counts_.refused += counts.refused;
  counts_.parts += counts.parts;
  done_with_slice();
}

// ---- the end ----

void ScheduleRun::abandon() {
  ended_ = {};
  stopping_ = true;
  client_.reset();
}

void ScheduleRun::cut_short() {
  stopping_ = true;
  client_.reset();
  end(How::stopped, "the daemon is stopping");
}

// A column of `where` that is misspelt would pass over all rows and say nothing.
void ScheduleRun::end_well() {
  if (not_seen_.empty() || !any_row_) return end(How::done);
  auto detail =
      "no row has a value in the column '" + not_seen_.front() + "' of 'where': is it written as the report does?";
  log::warn("schedules", "a schedule passes over all rows", "schedule", order_.schedule->name, "why", detail);
  end(How::done, std::move(detail));
}

void ScheduleRun::fail(const FineractAnswer& answer) {
  if (stopping_) return end(How::stopped, "Fineract: " + answer.detail);
  const bool may_pass = answer.end == Answered::unreachable || answer.end == Answered::failing;
  end(may_pass ? How::later : How::failed, "Fineract: " + answer.detail);
}

void ScheduleRun::end(How how, std::string detail) {
  boost::asio::post(context_.executor,
                    [self = shared_from_this(), ended = Ended{.how = how, .detail = std::move(detail)}] {
                      self->rows_.reset();
                      self->groups_.reset();
                      self->client_.reset();
                      if (const auto tell = std::exchange(self->ended_, {})) tell(ended);
                    });
}

}  // namespace smsbridge::bridge
