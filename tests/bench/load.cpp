// SPDX-License-Identifier: MPL-2.0
// The load generator of the benchmark: HTTP over kept connections to one address of this machine, one thread, epoll.
// It is kept cheap (requests are written by hand, answers are read only as far as status and length), because it runs
// on the same cores as what it measures.
//
//   bench_load --preset api --port 9190 --key sbk_... --connections 32 --duration 5
//
// Closed loop by default: each connection sends its next request when the last one was answered. With --rate it is an
// open loop: request number i is due at i / rate, and its latency counts from then, also when it had to wait for a
// free connection. One JSON object is printed at the end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

enum class Preset { fineract, api, kannel };

struct Options {
  Preset preset = Preset::api;
  std::uint16_t port = 9190;
  std::size_t connections = 32;
  std::size_t batch = 1;    // messages a request; fineract only
  std::uint64_t count = 0;  // messages at most; 0: no limit
  double duration_s = 0;    // 0: no limit
  double rate = 0;          // requests a second; 0: closed loop
  double timeout_s = 20;    // without an answer after this time: unknown
  std::size_t text_length = 100;
  std::string tenant = "default";
  std::string key;  // app key or bearer key
  std::string user = "bench", password = "bench";
  std::string dlr_url;  // {i} becomes the message's number
  int dlr_mask = 0;
};

constexpr std::uint64_t first_number = 10'000'000;  // 254 7 10000000: numbers of Kenya, as many as are needed
constexpr std::uint64_t count_max = 19'999'999;
constexpr std::string_view usage_text =
    "usage: bench_load --preset fineract|api|kannel --port N (--count MESSAGES | --duration SECONDS) [options]\n"
    "  --connections N   kept connections (32)          --batch N       messages a request, fineract only (1)\n"
    "  --rate R          open loop, requests a second   --timeout S     an answer later than this is unknown (20)\n"
    "  --text-length N   characters (100)               --tenant NAME   fineract (default)\n"
    "  --key KEY         app key or bearer key          --user, --password   kannel (bench)\n"
    "  --dlr-mask N, --dlr-url URL   kannel's receipts; {i} in the URL becomes the message's number\n";

[[noreturn]] void fail(const std::string& text, int code = 1) {
  std::fprintf(stderr, "bench_load: %s\n", text.c_str());
  std::exit(code);
}

template <class Number>
Number number(std::string_view flag, std::string_view text) {
  Number value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value < Number{})
    fail(std::string(flag) + ": '" + std::string(text) + "' is not a number it can use", 2);
  return value;
}

Options read_options(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "-h" || flag == "--help") {
      std::fputs(usage_text.data(), stdout);
      std::exit(0);
    }
    if (i + 1 >= argc) fail(std::string(flag) + " needs a value\n" + std::string(usage_text), 2);
    const std::string_view value = argv[++i];
    if (flag == "--preset") {
      if (value == "fineract")
        o.preset = Preset::fineract;
      else if (value == "api")
        o.preset = Preset::api;
      else if (value == "kannel")
        o.preset = Preset::kannel;
      else
        fail("--preset is fineract, api or kannel", 2);
    } else if (flag == "--port")
      o.port = number<std::uint16_t>(flag, value);
    else if (flag == "--connections")
      o.connections = number<std::size_t>(flag, value);
    else if (flag == "--batch")
      o.batch = number<std::size_t>(flag, value);
    else if (flag == "--count")
      o.count = number<std::uint64_t>(flag, value);
    else if (flag == "--duration")
      o.duration_s = number<double>(flag, value);
    else if (flag == "--rate")
      o.rate = number<double>(flag, value);
    else if (flag == "--timeout")
      o.timeout_s = number<double>(flag, value);
    else if (flag == "--text-length")
      o.text_length = number<std::size_t>(flag, value);
    else if (flag == "--tenant")
      o.tenant = value;
    else if (flag == "--key")
      o.key = value;
    else if (flag == "--user")
      o.user = value;
    else if (flag == "--password")
      o.password = value;
    else if (flag == "--dlr-url")
      o.dlr_url = value;
    else if (flag == "--dlr-mask")
      o.dlr_mask = number<int>(flag, value);
    else
      fail("unknown option " + std::string(flag) + "\n" + std::string(usage_text), 2);
  }
  if (o.count == 0 && o.duration_s == 0) fail("give --count or --duration\n" + std::string(usage_text), 2);
  if (o.connections == 0 || o.connections > 10'000 || o.batch == 0) fail("--connections and --batch begin at 1", 2);
  if (o.batch > 1 && o.preset != Preset::fineract) fail("--batch goes with --preset fineract", 2);
  if (o.count == 0 || o.count > count_max) o.count = count_max;
  return o;
}

std::string url_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (std::isalnum(octet) != 0 || std::strchr("-._~", c) != nullptr) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[octet >> 4]);
      out.push_back(digits[octet & 15]);
    }
  }
  return out;
}

// Writes the request that carries the messages [first, first + n).
class RequestWriter {
 public:
  explicit RequestWriter(const Options& options) : options_(options) {
    filler_ = "Dear customer, your loan repayment was received with thanks. Your balance is due on the next date. ";
    while (filler_.size() < options.text_length) filler_ += filler_;
    filler_encoded_ = filler_;
    // Blanks are the only characters that a query string writes in another way, and '+' is as long as ' '.
    std::replace(filler_encoded_.begin(), filler_encoded_.end(), ' ', '+');
    std::replace(filler_encoded_.begin(), filler_encoded_.end(), ',', '.');
    const auto host = "Host: 127.0.0.1:" + std::to_string(options.port) + "\r\n";
    switch (options.preset) {
      case Preset::fineract:
        head_ = "POST /sms HTTP/1.1\r\n" + host +
                "Accept: text/plain, application/json, application/*+json, */*\r\nContent-Type: application/json\r\n"
                "Fineract-Platform-TenantId: " +
                options.tenant + "\r\nFineract-Tenant-App-Key: " + options.key +
                "\r\nUser-Agent: Java/17.0.15\r\nConnection: keep-alive\r\nContent-Length: ";
        break;
      case Preset::api:
        head_ = "POST /api/v1/messages HTTP/1.1\r\n" + host +
                "Content-Type: application/json\r\nAuthorization: Bearer " + options.key + "\r\nContent-Length: ";
        break;
      case Preset::kannel:
        head_ = "GET /cgi-bin/sendsms?username=" + url_encoded(options.user) +
                "&password=" + url_encoded(options.password) + "&from=BENCH";
        tail_ = " HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n\r\n";
        break;
    }
  }

  void write(std::uint64_t first, std::size_t n, std::string& out) {
    out.clear();
    if (options_.preset == Preset::kannel) {
      out += head_;
      out += "&to=2547";
      append(out, first_number + first);
      out += "&text=";
      append_text(out, first, filler_encoded_, '+');
      if (options_.dlr_mask != 0) {
        out += "&dlr-mask=";
        append(out, static_cast<std::uint64_t>(options_.dlr_mask));
        if (!options_.dlr_url.empty()) {
          auto url = options_.dlr_url;
          if (const auto at = url.find("{i}"); at != std::string::npos) url.replace(at, 3, std::to_string(first));
          out += "&dlr-url=" + url_encoded(url);
        }
      }
      out += tail_;
      return;
    }
    body_.clear();
    if (options_.preset == Preset::api) {
      body_ += "{\"to\":\"+2547";
      append(body_, first_number + first);
      body_ += "\",\"text\":\"";
      append_text(body_, first, filler_, ' ');
      body_ += "\",\"client_ref\":\"bench-";
      append(body_, first + 1);
      body_ += "\"}";
    } else {
      body_.push_back('[');
      for (std::uint64_t i = first; i < first + n; ++i) {
        body_ += i == first ? "{\"internalId\":" : ",{\"internalId\":";
        append(body_, i + 1);
        body_ += ",\"mobileNumber\":\"2547";
        append(body_, first_number + i);
        body_ += "\",\"message\":\"";
        append_text(body_, i, filler_, ' ');
        body_ += "\",\"providerId\":1}";
      }
      body_.push_back(']');
    }
    out += head_;
    append(out, body_.size());
    out += "\r\n\r\n";
    out += body_;
  }

 private:
  static void append(std::string& out, std::uint64_t value) {
    char digits[24];
    const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, end);
  }
  // Each text is another one: it begins with the message's number.
  void append_text(std::string& out, std::uint64_t i, const std::string& filler, char blank) const {
    const auto before = out.size();
    append(out, i);
    out.push_back(blank);
    const auto written = out.size() - before;
    if (written < options_.text_length) out.append(filler, 0, options_.text_length - written);
    if (out.back() == blank) out.back() = '.';  // some would trim it
  }

  const Options& options_;
  std::string head_, tail_, filler_, filler_encoded_, body_;
};

struct Connection {
  int fd = -1;
  bool connecting = false, writable_wanted = false;
  std::size_t messages = 0;  // of the request that is under way; 0: free
  Time since;                // what its latency counts from
  Time sent_at;
  std::string out;
  std::size_t out_done = 0;
  std::string in;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), writer_(options), connections_(options.connections) {}

  void run() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (epoll_ < 0 || timer_ < 0) fail("cannot make epoll or a timer: " + std::string(std::strerror(errno)));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = timer_tag}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
    for (std::size_t i = 0; i < connections_.size(); ++i) connect(i);
    wait_for_connections();
    began_ = last_answer_ = Clock::now();
    began_wall_us_ = wall_us();
    deadline_ = options_.duration_s > 0 ? began_ + seconds(options_.duration_s) : Time::max();
    free_.clear();
    for (std::size_t i = 0; i < connections_.size(); ++i) free_.push_back(i);
    give_work();
    std::vector<epoll_event> events(1024);
    while (under_way_ > 0 || !is_over()) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 200);
      if (n < 0 && errno != EINTR) fail("epoll_wait: " + std::string(std::strerror(errno)));
      for (int k = 0; k < n; ++k) {
        const auto& e = events[static_cast<std::size_t>(k)];
        if (e.data.u64 == timer_tag) {
          std::uint64_t expirations = 0;
          [[maybe_unused]] const auto got = read(timer_, &expirations, sizeof expirations);
        } else {
          serve(e.data.u64, e.events);
        }
      }
      give_up_late_ones();
      give_work();
    }
  }

  void print() {
    const double passed = duration<double>(last_answer_ - began_).count();
    std::sort(latencies_us_.begin(), latencies_us_.end());
    const auto at = [&](double share) -> unsigned {
      if (latencies_us_.empty()) return 0;
      const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies_us_.size()));
      return latencies_us_[std::min(index, latencies_us_.size() - 1)];
    };
    std::string statuses;
    for (std::size_t s = 0; s < statuses_.size(); ++s)
      if (statuses_[s] > 0)
        statuses += (statuses.empty() ? "\"" : ",\"") + std::to_string(s) + "\":" + std::to_string(statuses_[s]);
    std::printf(
        "{\"sent\":%llu,\"accepted\":%llu,\"refused\":%llu,\"unknown\":%llu,\"requests\":%zu,\"reconnects\":%llu,"
        "\"seconds\":%.4f,"
        "\"accepted_per_s\":%.1f,\"latency_us\":{\"p50\":%u,\"p90\":%u,\"p99\":%u,\"max\":%u},"
        "\"statuses\":{%s},\"began_us\":%lld}\n",
        static_cast<unsigned long long>(next_), static_cast<unsigned long long>(accepted_),
        static_cast<unsigned long long>(refused_), static_cast<unsigned long long>(unknown_), latencies_us_.size(),
        static_cast<unsigned long long>(reconnects_), passed,
        passed > 0 ? static_cast<double>(accepted_) / passed : 0.0, at(0.5), at(0.9), at(0.99),
        latencies_us_.empty() ? 0 : latencies_us_.back(), statuses.c_str(), began_wall_us_);
  }

 private:
  static constexpr std::uint64_t timer_tag = ~std::uint64_t{0};

  static Clock::duration seconds(double s) { return duration_cast<Clock::duration>(duration<double>(s)); }
  static long long wall_us() {
    return duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }

  bool is_over() const { return next_ >= options_.count || next_due() >= deadline_ || Clock::now() >= deadline_; }
  // In open loop: when the next request should leave.
  Time next_due() const {
    if (options_.rate <= 0) return began_;
    return began_ + seconds(static_cast<double>(requests_) / options_.rate);
  }

  void connect(std::size_t index) {
    auto& c = connections_[index];
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c.fd < 0) fail("cannot make a socket: " + std::string(std::strerror(errno)));
    const int on = 1;
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The generic address type is what the socket interface asks for.
    if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
      fail("cannot connect to 127.0.0.1:" + std::to_string(options_.port) + ": " + std::strerror(errno));
    c.connecting = true;
    epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = index}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
    c.writable_wanted = true;
  }

  void wait_for_connections() {
    const auto end = Clock::now() + std::chrono::seconds(10);
    std::vector<epoll_event> events(256);
    while (std::any_of(connections_.begin(), connections_.end(), [](const Connection& c) { return c.connecting; })) {
      if (Clock::now() > end) fail("no connection to 127.0.0.1:" + std::to_string(options_.port) + " within 10 s");
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
      for (int k = 0; k < n; ++k) connected(events[static_cast<std::size_t>(k)].data.u64);
    }
  }

  void connected(std::size_t index) {
    if (index >= connections_.size() || !connections_[index].connecting) return;
    auto& c = connections_[index];
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) fail("cannot connect to 127.0.0.1:" + std::to_string(options_.port) + ": " + std::strerror(error));
    c.connecting = false;
    want_writable(index, false);
  }

  void want_writable(std::size_t index, bool wanted) {
    auto& c = connections_[index];
    if (c.writable_wanted == wanted) return;
    c.writable_wanted = wanted;
    epoll_event event{.events = static_cast<std::uint32_t>(wanted ? EPOLLIN | EPOLLOUT : EPOLLIN),
                      .data = {.u64 = index}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
  }

  void give_work() {
    while (!free_.empty() && !is_over()) {
      const auto now = Clock::now();
      const auto due = next_due();
      if (due > now) {
        // Absolute, on the clock of steady_clock.
        const auto ns = duration_cast<nanoseconds>(due.time_since_epoch()).count();
        const itimerspec at{.it_interval = {},
                            .it_value = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000}};
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
        return;
      }
      const auto index = free_.front();
      free_.pop_front();
      send(index, options_.rate > 0 ? due : now, now);
    }
  }

  void send(std::size_t index, Time since, Time now) {
    auto& c = connections_[index];
    c.messages = static_cast<std::size_t>(std::min<std::uint64_t>(options_.batch, options_.count - next_));
    writer_.write(next_, c.messages, c.out);
    next_ += c.messages;
    ++requests_;
    ++under_way_;
    c.out_done = 0;
    c.in.clear();
    c.since = since;
    c.sent_at = now;
    if (!c.connecting) write_out(index);
  }

  void write_out(std::size_t index) {
    auto& c = connections_[index];
    while (c.out_done < c.out.size()) {
      const auto n = ::send(c.fd, c.out.data() + c.out_done, c.out.size() - c.out_done, MSG_NOSIGNAL);
      if (n < 0) {
        if (errno == EAGAIN) return want_writable(index, true);
        return lost(index);
      }
      c.out_done += static_cast<std::size_t>(n);
    }
    want_writable(index, false);
  }

  void serve(std::size_t index, std::uint32_t events) {
    auto& c = connections_[index];
    if (c.fd < 0) return;
    if (c.connecting) {
      connected(index);
      if (c.messages > 0) write_out(index);
      return;
    }
    if ((events & EPOLLOUT) != 0) write_out(index);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || c.fd < 0) return;
    for (;;) {
      const auto n = recv(c.fd, buffer_, sizeof buffer_, 0);
      if (n < 0 && errno == EAGAIN) break;
      if (n <= 0) return lost(index);
      c.in.append(buffer_, static_cast<std::size_t>(n));
      if (static_cast<std::size_t>(n) < sizeof buffer_) break;
    }
    read_answer(index);
  }

  void read_answer(std::size_t index) {
    auto& c = connections_[index];
    const std::string_view in = c.in;
    const auto head_end = in.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return;
    const auto head = in.substr(0, head_end + 2);
    unsigned status = 0;
    if (head.size() < 12 || !head.starts_with("HTTP/1.")) return lost(index);
    std::from_chars(head.data() + 9, head.data() + 12, status);
    std::size_t length = 0;
    if (const auto value = header(head, "content-length"); !value.empty())
      std::from_chars(value.data(), value.data() + value.size(), length);
    else if (!header(head, "transfer-encoding").empty())
      fail("the server answers in chunks, which this program does not read");
    if (in.size() < head_end + 4 + length) return;
    const auto connection = header(head, "connection");
    const bool closes = connection.size() == 5 && (connection[0] | 0x20) == 'c';
    answered(index, status);
    if (closes) reconnect(index);
    free_.push_back(index);
  }

  static std::string_view header(std::string_view head, std::string_view name) {
    for (auto at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
      const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
      if (line.size() <= name.size() || line[name.size()] != ':') continue;
      bool same = true;
      for (std::size_t i = 0; same && i < name.size(); ++i) same = (line[i] | 0x20) == name[i];
      if (!same) continue;
      auto value = line.substr(name.size() + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      return value;
    }
    return {};
  }

  void answered(std::size_t index, unsigned status) {
    auto& c = connections_[index];
    last_answer_ = Clock::now();
    (status == 202 ? accepted_ : refused_) += c.messages;
    if (status < statuses_.size()) statuses_[status] += 1;
    latencies_us_.push_back(static_cast<unsigned>(duration_cast<microseconds>(last_answer_ - c.since).count()));
    c.messages = 0;
    --under_way_;
  }

  // The connection ended, or its answer is too late.
  void lost(std::size_t index) {
    auto& c = connections_[index];
    const bool had_work = c.messages > 0;
    if (had_work) {
      last_answer_ = Clock::now();
      unknown_ += c.messages;
      c.messages = 0;
      --under_way_;
    }
    reconnect(index);
    if (had_work) free_.push_back(index);
  }

  void reconnect(std::size_t index) {
    close(connections_[index].fd);
    connections_[index].in.clear();
    ++reconnects_;
    if (reconnects_ > 100'000) fail("the server closes its connections again and again");
    connect(index);
  }

  void give_up_late_ones() {
    const auto now = Clock::now();
    if (now < look_again_at_) return;
    look_again_at_ = now + milliseconds(500);
    for (std::size_t i = 0; i < connections_.size(); ++i)
      if (connections_[i].messages > 0 && now - connections_[i].sent_at > seconds(options_.timeout_s)) lost(i);
  }

  const Options& options_;
  RequestWriter writer_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> free_;
  int epoll_ = -1, timer_ = -1;
  Time began_, last_answer_, deadline_, look_again_at_{};
  long long began_wall_us_ = 0;
  std::uint64_t next_ = 0, requests_ = 0, accepted_ = 0, refused_ = 0, unknown_ = 0, reconnects_ = 0;
  std::size_t under_way_ = 0;
  std::vector<unsigned> latencies_us_;
  std::vector<std::uint64_t> statuses_ = std::vector<std::uint64_t>(600);
  char buffer_[16 * 1024];
};

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  Load load(options);
  load.run();
  load.print();
}
