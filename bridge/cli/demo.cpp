// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/demo.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "bridge/app.hpp"
#include "bridge/cli/client.hpp"
#include "bridge/cli/demo_bank.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/env/http_call.hpp"
#include "bridge/env/log.hpp"
#include "bridge/env/process.hpp"
#include "bridge/smsc_sim/server.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
namespace fs = std::filesystem;

constexpr auto delivery_time = std::chrono::seconds(60);
constexpr const char* hook_secret = "demo-hook-secret";

// A simulated carrier on a thread of its own.
class Carrier {
 public:
  explicit Carrier(std::uint16_t port) : work_(io_.get_executor()) {
    smsc_sim::ServerOptions options;
    options.port = port;
    options.smsc.accounts = {{"umoja", "secret"}};
    options.smsc.response_delay = std::chrono::milliseconds(20);
    options.smsc.receipt_delay = std::chrono::milliseconds(400);
    options.smsc.receipt_jitter = std::chrono::milliseconds(800);
    server_.emplace(io_, std::move(options));
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Carrier() {
    asio::post(io_, [this] {
      server_->stop();
      work_.reset();
    });
    thread_.join();
  }
  std::uint16_t port() const { return server_->port(); }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::optional<smsc_sim::Server> server_;
  std::thread thread_;
};

// Speaks to the Fineract listener as Fineract does: same headers, same paths.
class Fineract {
 public:
  explicit Fineract(std::uint16_t port) : address_("http://127.0.0.1:" + std::to_string(port)) {}
  using Headers = std::vector<std::pair<std::string, std::string>>;
  std::pair<int, std::string> post(const std::string& target, const std::string& body, Headers headers = {}) const {
    headers.insert(headers.end(), {{"Content-Type", "application/json"},
                                   {"Fineract-Platform-TenantId", "default"},
                                   {"Fineract-Tenant-App-Key", "demo-key"}});
    auto called = http_call(
        {.unix_socket = {},
         .request = {.method = "POST", .url = address_ + target, .headers = std::move(headers), .body = body}});
    if (called.end != HttpCalled::End::answered) throw std::runtime_error(address_ + ": " + called.why);
    return {called.reply.status, std::move(called.reply.body)};
  }

 private:
  const std::string address_;
};

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream out(path);
  out << content;
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

fs::path write_config(const DemoOptions& options, const fs::path& folder, std::uint16_t smsc_port,
                      std::uint16_t bank_port) {
  write_file(folder / "app-key.txt", "demo-key\n");
  write_file(folder / "smpp-password.txt", "secret\n");
  write_file(folder / "hook-secret.txt", std::string(hook_secret) + "\n");
  const auto path = folder / "smsbridge.yaml";
  write_file(path, "listen: {api: 127.0.0.1:" + std::to_string(options.api_port) +
                       ", fineract: 127.0.0.1:" + std::to_string(options.fineract_port) +
                       "}\nstore: {path: data}\ntenants:\n  - {name: default, default_country: KE, fineract_app_key: "
                       "{file: app-key.txt}, sender: UMOJA, currency: KES,\n"
                       "     fineract: {url: \"http://127.0.0.1:" +
                       std::to_string(bank_port) +
                       "/fineract-provider/api/v1\", user: demo, password: {file: app-key.txt}, hook_secret: {file: "
                       "hook-secret.txt}}, same_text_max: 0}\n"
                       "events:\n  - {name: loan-approved}\n"
                       "gateways:\n  - {name: simulated, id: 1, kind: smpp, host: 127.0.0.1, port: " +
                       std::to_string(smsc_port) +
                       ", system_id: umoja, password: {file: smpp-password.txt}, sessions: 2, window: 50, description: "
                       "a simulated carrier}\n");
  return path;
}

std::string batch(int count) {
  static const std::vector<std::string> texts = {
      "Dear Amina O&#39;Brien, your loan of KES 50,000 was paid out.",
      "Mpendwa Wanjik\xC5\xA9, mkopo wako unadaiwa 1,200.00 tarehe 25-11-2026.",
      "Your repayment of KES 4,500.50 was received. Thank you!", "Your login code is 40912.",
      "Dear Otieno, your savings group meets on Friday at 14:00 in the office in Kisumu. Please bring the passbook, "
      "the attendance list and "
      "the receipts of last month, so that the treasurer can close the books together with you."};
  json::array entries;
  for (int i = 0; i < count; ++i)
    entries.push_back({{"internalId", 1041 + i},
                       {"tenantId", "default"},
                       {"mobileNumber", "07123456" + std::to_string(78 - i % 60)},
                       {"message", texts[static_cast<std::size_t>(i) % texts.size()]},
                       {"providerId", 1}});
  return json::serialize(entries);
}

const char* meaning(std::int64_t status) {
  switch (status) {
    case 100:
      return "queued";
    case 150:
      return "submitted, waiting for the receipt";
    case 200:
      return "sent";
    case 300:
      return "DELIVRD";
    case 400:
      return "failed";
    default:
      return "?";
  }
}

// True when every message of the batch was reported as delivered.
bool deliver_batch(const DemoOptions& options, Fineract& fineract) {
  const auto body = batch(options.messages);
  const auto [status, text] = fineract.post("/sms", body);
  std::cout << "POST /sms with " << options.messages << " messages -> " << status
            << (status == 202 ? " Accepted (on disk)" : "") << "\n";
  if (status != 202) return false;
  json::array ids;
  for (int i = 0; i < options.messages; ++i) ids.push_back(1041 + i);
  std::map<std::string, std::int64_t> shown;
  const auto deadline = std::chrono::steady_clock::now() + delivery_time;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto report = json::parse(fineract.post("/sms%2Freport", json::serialize(ids)).second).as_array();
    int delivered = 0;
    for (const auto& entry : report) {
      const std::string id(entry.as_object().at("id").as_string());
      const auto now = entry.as_object().at("deliveryStatus").as_int64();
      if (std::exchange(shown[id], now) != now)
        std::cout << "  message " << id << "  " << now << "  " << meaning(now) << std::endl;
      delivered += now == 300;
    }
    if (delivered == options.messages) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

// A hook as Fineract posts it. True when the client's text was reported as delivered.
bool deliver_event(App& app, DemoBank& bank, Fineract& fineract) {
  bank.approve_loan();
  const auto since = SystemClock().wall();  // another hook than that of an earlier run in this folder
  const auto [status, text] =
      fineract.post(std::string("/hooks/fineract/") + hook_secret + "/",
                    R"({"createdByName":"mifos","request":{"approvedOnDate":"24 October 2024"},"clientId":7,)"
                    R"("officeId":1,"entityName":"LOAN","actionName":"APPROVE",)"
                    R"("response":{"clientId":7,"loanId":12,"resourceId":12},"timestamp":")" +
                        std::to_string(since) + R"("})",
                    {{"X-Fineract-Entity", "LOAN"}, {"X-Fineract-Action", "APPROVE"}});
  std::cout << "\na loan is approved at the bank: its web hook -> " << status << (status == 200 ? " OK (on disk)" : "")
            << "\n";
  const auto deadline = std::chrono::steady_clock::now() + delivery_time;
  for (bool shown = false; status == 200 && std::chrono::steady_clock::now() < deadline;) {
    const auto page = app.store().reader().page({.source = store::Source::event, .from = since}, 0, 1);
    if (!page.messages.empty()) {
      const auto& message = page.messages.front();
      if (!std::exchange(shown, true))
        std::cout << "  to " << message.content.to << ": " << message.content.text << std::endl;
      if (message.progress.state == store::State::delivered) return std::cout << "  DELIVRD\n", true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

// Where the demo's owner signs in to the console; empty when that is not to be had.
std::string sign_in_link(const fs::path& config_file, std::uint16_t api_port) {
  ClientOptions options;
  options.config_file = config_file.string();
  const std::string people = "/api/v1/people";
  auto answer = call(options, "POST", people, R"({"name":"demo","role":"owner"})");
  if (answer.status == 409) answer = call(options, "POST", people + "/demo/invite");  // of an earlier run
  if (!answer.ok()) return {};
  return "http://127.0.0.1:" + std::to_string(api_port) + text_of(answer.body.as_object(), "welcome_path");
}

}  // namespace

int run_demo(const DemoOptions& options) {
  process::ignore_broken_pipes();
  const bool keep = !options.folder.empty();
  const auto folder =
      keep ? fs::path(options.folder) : fs::temp_directory_path() / ("smsbridge-demo-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  int result = exit_failed;
  {
    log::set_up("warn", "auto");
    Carrier carrier(options.smsc_port);
    DemoBank bank;
    const auto file = write_config(options, folder, carrier.port(), bank.port());
    auto loaded = load_config(file);
    SystemClock clock;
    SystemConnector connector;
    App app(loaded.config, clock, connector);
    app.start();
    std::cout << "smsbridge is up; its folder is " << folder.string() << "\n"
              << "  Fineract listener  http://127.0.0.1:" << app.fineract_port() << "   tenant default, key demo-key\n"
              << "  API                http://127.0.0.1:" << app.api_port() << "/api/v1   contract at /openapi.yaml\n"
              << "  metrics            http://127.0.0.1:" << app.api_port() << "/metrics\n"
              << "  simulated carrier  127.0.0.1:" << carrier.port() << "   SMPP, system_id umoja\n"
              << "  simulated bank     http://127.0.0.1:" << bank.port()
              << "   a Fineract with one client and one loan\n\n";
    Fineract fineract(app.fineract_port());
    const bool ok = deliver_batch(options, fineract) && deliver_event(app, bank, fineract);
    std::cout << (ok ? "all delivered\n" : "error: not everything was delivered within a minute\n");
    result = ok ? exit_done : exit_failed;
    if (ok && !options.once) {
      std::cout << "\nThe console, for the owner 'demo', who sets a password there (within ten minutes):\n  "
                << sign_in_link(file, app.api_port()) << "\n\nIt stays up until Ctrl-C. In another terminal:\n"
                << "  smsbridge messages list -c " << file.string() << "\n"
                << "  smsbridge send -c " << file.string() << " 0712345678 'Habari'\n"
                << "  smsbridge status -c " << file.string() << "\n"
                << "  smsbridge gateways list -c " << file.string() << "\n"
                << "  smsbridge events log -c " << file.string() << std::endl;
      asio::io_context io;
      asio::signal_set signals(io, SIGINT, SIGTERM);
      signals.async_wait([](boost::system::error_code, int) {});
      io.run();
    }
    app.stop();
  }
  if (!keep) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  spdlog::shutdown();
  return result;
}

}  // namespace smsbridge::bridge
