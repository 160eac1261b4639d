// SPDX-License-Identifier: MPL-2.0
// How fast the store alone takes messages through their whole life: accepted, claimed, submitted, receipt.
//
//   bench_store --folder /var/tmp/bench-store --seconds 5
//   bench_store --folder /var/tmp/bench-store --seconds 5 --ideas
//
// In each round one batch of every stage is handed to the writer's thread at once: new messages, a claim, the outcomes
// of those claimed a round before, and the receipts of those submitted a round before that. The next round begins when
// all are durable, so `batch` messages of each stage share one or two commits. One JSON object a line, one line a size.
//
// With --ideas: tasks (put, claimed and done in three commits), marks and lines of the journal instead, as many a
// commit as the batch says. One JSON object for each of them and size.
//
// To see where the time goes:
//   perf record -g bench_store --folder /var/tmp/bench-store --batch 100 --seconds 10 && perf report --no-children
//   valgrind --tool=callgrind bench_store --folder /var/tmp/bench-store --batch 100 --messages 5000
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"

namespace {

namespace asio = boost::asio;
namespace store = smsbridge::store;
using Clock = std::chrono::steady_clock;

constexpr store::Queue queue{.gateway = 1, .tenant = 1, .lane = store::Lane::transaction};
constexpr std::string_view usage_text =
    "usage: bench_store --folder FOLDER [--batch N] [--seconds S] [--messages N] [--retention-ms N] [--ideas] "
    "[--no-sync]\n"
    "  without --batch: 1, 10, 100 and 1000 messages a batch, one after the other\n"
    "  --messages      end after so many accepted messages, for a profiler\n"
    "  --retention-ms  purge finished messages after this time (90 days)\n"
    "  --ideas         tasks, marks and lines of the journal instead; without --batch 1 and 1000 of them a commit\n";

struct BenchOptions {
  std::filesystem::path folder;
  std::vector<std::size_t> batches;
  double seconds = 5;
  std::uint64_t messages = 100'000'000;
  store::WallMs retention_ms = store::LedgerLimits{}.retention_ms;
  bool sync = true;
  bool ideas = false;
};

[[noreturn]] void fail(const std::string& text) {
  std::fprintf(stderr, "bench_store: %s\n%s", text.c_str(), usage_text.data());
  std::exit(2);
}

template <class Number>
Number number(std::string_view flag, std::string_view text) {
  Number value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value <= Number{})
    fail(std::string(flag) + ": '" + std::string(text) + "' is not a number above 0");
  return value;
}

BenchOptions read_options(int argc, char** argv) {
  BenchOptions o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--no-sync") {
      o.sync = false;
      continue;
    }
    if (flag == "--ideas") {
      o.ideas = true;
      continue;
    }
    if (i + 1 >= argc) fail(std::string(flag) + ": unknown, or its value is missing");
    const std::string_view value = argv[++i];
    if (flag == "--folder")
      o.folder = value;
    else if (flag == "--batch")
      o.batches = {number<std::size_t>(flag, value)};
    else if (flag == "--seconds")
      o.seconds = number<double>(flag, value);
    else if (flag == "--messages")
      o.messages = number<std::uint64_t>(flag, value);
    else if (flag == "--retention-ms")
      o.retention_ms = number<store::WallMs>(flag, value);
    else
      fail("unknown option " + std::string(flag));
  }
  if (o.batches.empty())
    o.batches = o.ideas ? std::vector<std::size_t>{1, 1000} : std::vector<std::size_t>{1, 10, 100, 1000};
  if (o.folder.empty()) fail("--folder is needed; it must not exist yet, and is removed at the end");
  if (std::filesystem::exists(o.folder)) fail(o.folder.string() + " is there already");
  for (const auto batch : o.batches)
    if (batch > store::batch_items_max || batch > store::claim_messages_max) fail("--batch: at most 4096");
  return o;
}

// A line such as "write_bytes: 4096" or "VmHWM:  1234 kB" of a file in /proc/self.
std::uint64_t proc_value(const char* file, std::string_view name) {
  std::ifstream in(std::string("/proc/self/") + file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':')
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  return 0;
}

// Octets that went to the disk of a folder, of all processes. write_bytes of /proc/self/io says several times too much
// where the page cache holds a file in large pieces, and each small write counts as a piece.
std::uint64_t disk_written(const std::filesystem::path& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) return 0;
  std::ifstream in("/sys/dev/block/" + std::to_string(major(info.st_dev)) + ":" + std::to_string(minor(info.st_dev)) +
                   "/stat");
  std::uint64_t value = 0;
  for (int field = 0; field < 7; ++field) in >> value;
  return in ? value * 512 : 0;
}

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

store::WallMs wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

store::Enqueue new_message(std::uint64_t i) {
  store::Content content{.tenant = queue.tenant, .gateway = queue.gateway, .lane = queue.lane};
  content.source = store::Source::fineract;
  content.expires_at = wall_ms() + 24ll * 3600 * 1000;
  content.digest = i * 0x9e3779b97f4a7c15ull;
  content.client_ref = std::to_string(i);
  content.from = "BENCH";
  content.to = "+2547" + std::to_string(10'000'000 + i % 20'000'000);
  content.text = std::to_string(i);
  content.text.resize(100, 'x');
  content.triggered_by = "fineract";
  return {.content = std::move(content), .replace_on_conflict = true, .failed_because = {}, .postponed_because = {}};
}

// 4 KiB overwritten and flushed: what one durable write costs here, in microseconds, the median of 200.
double fdatasync_p50_us(const std::filesystem::path& folder) {
  const auto file = folder / "probe";
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return 0;
  const std::string page(4096, 'p');
  std::vector<double> times;
  for (int i = 0; i < 201; ++i) {
    const auto began = Clock::now();
    if (pwrite(fd, page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()) || fdatasync(fd) != 0) break;
    if (i > 0) times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
  }
  close(fd);
  std::filesystem::remove(file);
  if (times.empty()) return 0;
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

class Life {
 public:
  Life(const BenchOptions& options, std::size_t batch) : options_(options), batch_(batch) {
    store::Options o{.path = options.folder / std::to_string(batch)};
    o.sync = options.sync;
    o.limits.retention_ms = options.retention_ms;
    o.wall_clock = wall_ms;
    store_ = std::make_unique<store::Store>(std::move(o));
    store::Hooks hooks;
    hooks.committed = [this](const store::CommitStats& stats) {
      if (stats.messages == 0) return;
      commits_.fetch_add(1, std::memory_order_relaxed);
      commit_us_.fetch_add(static_cast<std::uint64_t>(stats.seconds * 1e6), std::memory_order_relaxed);
    };
    hooks.finals = [this](const std::vector<store::Final>& finals) { finals_ += finals.size(); };
    hooks.failed = [](store::Error, const std::string& why) {
      std::fprintf(stderr, "bench_store: commit failed: %s\n", why.c_str());
    };
    store_->set_hooks(std::move(hooks));
    store_->open_queue();
    store_->start();
  }

  void run() {
    // One life first, so that the file has been written ahead before the clock starts.
    for (int i = 0; i < 4; ++i) round(true);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const auto probe_us = fdatasync_p50_us(options_.folder);
    const auto written_before = proc_value("io", "write_bytes");
    const auto disk_before = disk_written(options_.folder);
    const auto cpu_before = cpu_seconds();
    const auto finals_before = finals_.load();
    commits_ = commit_us_ = 0;
    const auto began = Clock::now();
    const auto until =
        began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
    while (Clock::now() < until && accepted_ < options_.messages) round(true);
    while (!submitted_.empty() || !claimed_.empty()) round(false);
    const double passed = std::chrono::duration<double>(Clock::now() - began).count();
    const auto cpu = cpu_seconds() - cpu_before;
    const auto finals = static_cast<double>(finals_.load() - finals_before);
    const auto written = static_cast<double>(proc_value("io", "write_bytes") - written_before);
    const auto disk = static_cast<double>(disk_written(options_.folder) - disk_before);
    const auto commits = static_cast<double>(commits_.load());
    std::printf(
        "{\"batch\":%zu,\"messages\":%.0f,\"seconds\":%.3f,\"messages_per_s\":%.0f,\"commits\":%.0f,\"changes_per_"
        "commit\":%.1f,"
        "\"commit_ms\":%.3f,\"disk_bytes_per_message\":%.0f,\"written_bytes_per_message\":%.0f,\"cpu_us_per_message\":%"
        ".2f,\"rss_mib\":%.1f,\"rss_anon_"
        "mib\":%.1f,"
        "\"fdatasync_p50_us\":%.0f,\"lost\":%lld}\n",
        batch_, finals, passed, finals / passed, commits, 4 * finals / commits,
        static_cast<double>(commit_us_.load()) / 1e3 / commits, disk / finals, written / finals, cpu * 1e6 / finals,
        static_cast<double>(proc_value("status", "VmRSS")) / 1024,
        static_cast<double>(proc_value("status", "RssAnon")) / 1024, probe_us,
        static_cast<long long>(accepted_) - static_cast<long long>(finals_.load()));
    std::fflush(stdout);
  }

 private:
  // Hands one batch of each stage to the writer and waits until all of them are durable.
  void round(bool with_new) {
    std::vector<store::Claimed> claimed;
    std::size_t waiting = 0;
    const auto count = [&waiting](const auto& result) {
      --waiting;
      if (result.error != store::Error::none) fail("the store answered: " + explain(result.error));
    };
    store::Batch receipts, outcomes, fresh;
    for (const auto& id : submitted_)
      receipts.receipts.push_back({.gateway = queue.gateway,
                                   .provider_ids = {id},
                                   .state = store::SegmentState::delivered,
                                   .error = "000",
                                   .destination = {}});
    submitted_.clear();
    for (const auto& message : claimed_) {
      auto id = std::to_string(1'000'000'000'000 + next_provider_id_++);
      submitted_.push_back(id);
      outcomes.settlements.push_back(
          {.id = message.id,
           .attempt = message.attempt,
           .what = store::Taken{.receipt_wait_ms = 3'600'000},
           .status_message = {},
           .segments = {{.state = store::SegmentState::accepted, .provider_id = std::move(id), .error = {}}}});
    }
    claimed_.clear();
    if (with_new)
      for (std::size_t i = 0; i < batch_; ++i) fresh.enqueue.push_back(new_message(accepted_++));
    for (auto* batch : {&receipts, &outcomes, &fresh}) {
      if (batch->size() == 0) continue;
      ++waiting;
      store_->commit(std::move(*batch), io_.get_executor(), [&](const store::BatchResult& result) { count(result); });
    }
    ++waiting;
    store_->claim(std::vector<store::Want>{{.queue = queue, .count = static_cast<std::uint32_t>(batch_)}},
                  io_.get_executor(), [&](store::ClaimResult result) {
                    count(result);
                    claimed = std::move(result.messages);
                  });
    while (waiting > 0) io_.run_one();
    claimed_ = std::move(claimed);
  }

  const BenchOptions& options_;
  const std::size_t batch_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<store::Claimed> claimed_;
  std::vector<std::string> submitted_;
  std::uint64_t accepted_ = 0, next_provider_id_ = 0;
  std::atomic<std::uint64_t> commits_{0}, commit_us_{0}, finals_{0};
  std::unique_ptr<store::Store> store_;  // last: its writer's thread uses what is above
};

// Tasks, marks and lines of the journal, one kind after the other, each commit waited for.
class Ideas {
 public:
  Ideas(const BenchOptions& options, std::size_t batch) : options_(options), batch_(batch) {
    store::Options o{.path = options.folder / ("ideas-" + std::to_string(batch))};
    o.sync = options.sync;
    o.wall_clock = wall_ms;
    store_ = std::make_unique<store::Store>(std::move(o));
    store_->open_queue();
    store_->start();
  }

  void run() {
    measure("task", [this] { tasks(); });
    measure("mark", [this] {
      store::Batch batch;
      for (std::size_t i = 0; i < batch_; ++i)
        batch.marks.push_back(
            {.scope = "bench", .key = key(), .value = "seen", .expires_at = wall_ms() + 24ll * 3600 * 1000});
      commit(std::move(batch));
    });
    measure("journal", [this] {
      store::Batch batch;
      for (std::size_t i = 0; i < batch_; ++i)
        batch.journal.push_back({.tenant = 1, .stream = "bench", .key = key(), .body = std::string(100, 'x')});
      commit(std::move(batch));
    });
  }

 private:
  template <class Round>
  void measure(const char* idea, const Round& round) {
    for (int i = 0; i < 4; ++i) round();
    const auto probe_us = fdatasync_p50_us(options_.folder);
    const auto cpu_before = cpu_seconds();
    const auto began = Clock::now();
    double done = 0, passed = 0;
    for (; passed < options_.seconds; passed = std::chrono::duration<double>(Clock::now() - began).count()) {
      round();
      done += static_cast<double>(batch_);
    }
    std::printf("{\"idea\":\"%s\",\"batch\":%zu,\"per_s\":%.0f,\"cpu_us\":%.2f,\"fdatasync_p50_us\":%.0f}\n", idea,
                batch_, done / passed, (cpu_seconds() - cpu_before) * 1e6 / done, probe_us);
    std::fflush(stdout);
  }

  void tasks() {
    store::Batch put, done;
    for (std::size_t i = 0; i < batch_; ++i)
      put.tasks.push_back({.task = {.tenant = 1, .kind = "bench", .key = key()}, .body = std::string(100, 'x')});
    commit(std::move(put));
    store::TaskClaimResult claimed;
    store_->claim(std::vector<store::TaskWant>{{.kind = "bench", .count = static_cast<std::uint32_t>(batch_)}},
                  io_.get_executor(), [&](store::TaskClaimResult result) { claimed = std::move(result); });
    wait();
    if (claimed.tasks.size() != batch_) fail("not all tasks were claimed: " + explain(claimed.error));
    for (auto& task : claimed.tasks) done.ended_tasks.push_back({.task = std::move(task.task), .lease = task.lease});
    commit(std::move(done));
  }

  void commit(store::Batch batch) {
    store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult& result) {
      if (result.error != store::Error::none) fail("the store answered: " + explain(result.error));
    });
    wait();
  }
  void wait() {
    io_.restart();
    io_.run_one();
  }
  // As others give them: in no order.
  std::string key() { return std::to_string(++number_ * 0x9e3779b97f4a7c15ull); }

  const BenchOptions& options_;
  const std::size_t batch_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::uint64_t number_ = 0;
  std::unique_ptr<store::Store> store_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  try {
    std::filesystem::create_directories(options.folder);
    for (const auto batch : options.batches) {
      if (options.ideas)
        Ideas(options, batch).run();
      else
        Life(options, batch).run();
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_store: %s\n", error.what());
    std::filesystem::remove_all(options.folder);
    return 1;
  }
  std::filesystem::remove_all(options.folder);
}
