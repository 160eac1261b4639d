// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/fineract.hpp"
#include "bridge/doors/provider_callbacks.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {

// What handlers work with, for two tenants that each have a gateway of their own: a store that the test steps, and
// gateways that do nothing.
class DoorsTest : public testing::Test {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  DoorsTest() { store_.open_queue(); }
  ~DoorsTest() override { std::filesystem::remove_all(folder_); }

  HttpResponse ask(const HttpDoor& door, http::verb method, const std::string& target, const std::string& body,
                   const Headers& headers) {
    HttpRequest request;
    request.raw.method(method);
    request.raw.target(target);
    request.raw.body() = body;
    for (const auto& [name, value] : headers) request.raw.set(name, value);
    EXPECT_TRUE(parse_target(target, request.path, request.query));
    request.executor = io_.get_executor();
    std::optional<HttpResponse> answer;
    door.handle(request, [&answer](HttpResponse given) { answer = std::move(given); });
    for (int i = 0; i < 5 && !answer; ++i) turn();
    EXPECT_TRUE(answer) << target << " is not answered";
    return answer.value_or(HttpResponse{});
  }
  void turn() {
    store_.step();
    io_.restart();
    io_.poll();
    clock_.advance(std::chrono::milliseconds(200));
  }
  store::TenantId id_of(const std::string& tenant) const { return tenants_.find(tenant)->id; }
  // The oldest message of the tenant's gateway leaves; `then` says what became of it.
  void send(const std::string& tenant, const std::function<void(const store::Claimed&, store::Batch&)>& then) {
    const store::Queue queue{.gateway = tenants_.find(tenant)->config.name == "umoja" ? 1u : 2u,
                             .tenant = id_of(tenant)};
    store_.claim({{.queue = queue, .count = 1}}, io_.get_executor(), [&](const store::ClaimResult& claimed) {
      ASSERT_EQ(claimed.messages.size(), 1u);
      store::Batch batch;
      then(claimed.messages.front(), batch);
      store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    });
    turn();
    turn();
  }

  static Config two_tenants(const std::filesystem::path& folder) {
    Config config;
    config.store_path = folder;
    config.master_key = "0123456789abcdef0123456789abcdef";
    for (const std::string name : {"umoja", "tujenge"}) {
      auto& tenant = config.tenants.emplace_back();
      tenant.name = name;
      tenant.default_country = "KE";
      tenant.default_gateway = name + "-out";
      tenant.fineract_app_keys = {name + "-key"};
      auto& gateway = config.gateways.emplace_back();
      gateway.name = tenant.default_gateway;
      gateway.id = static_cast<store::GatewayId>(config.gateways.size());
      gateway.tenants = {name};
      gateway.kind = "twilio";
      gateway.way =
          ProviderSettings{.kind = http_gateways::find_kind(gateway.kind), .callback_secret = "secret-of-" + name};
    }
    return config;
  }
  static store::Options options(const std::filesystem::path& folder, const Clock& clock) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.inbox_items_max = 4;
    options.wall_clock = [&clock] { return clock.wall(); };
    return options;
  }

  struct IdleGateways : GatewayControl {
    void ask(const std::string&, Action, boost::asio::any_io_executor,
             std::function<void(GatewayStatus)> done) override {
      done({});
    }
    void cancel(const std::string&, store::Message, boost::asio::any_io_executor,
                std::function<void(Channel::CancelAnswer)> done) override {
      done({});
    }
    void callback(const std::string&, http_gateways::CallbackRequest, boost::asio::any_io_executor,
                  std::function<void(http_gateways::CallbackAnswer)> done) override {
      done({.status = 200});
    }
  };

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-doors-" + std::to_string(::getpid()));
  VirtualClock clock_;
  boost::asio::io_context io_;
  Config config_ = two_tenants(folder_);
  store::Store store_{options(folder_, clock_)};
  metrics::Metrics metrics_{{"", "", ""}};
  Tenants tenants_{RoutingTable(config_).tenants, store_, metrics_, clock_};
  Router router_{std::make_shared<RoutingTable>(config_), tenants_.names(), clock_};
  OptOuts opt_outs_{store_, tenants_, clock_};
  Directory directory_{router_, nullptr, &opt_outs_};
  Intake intake_{store_, directory_, clock_};
  IdleGateways gateways_;
  Random random_{1};
  Webhooks webhooks_{{.config = config_,
                      .clock = clock_,
                      .make_transport = {},
                      .metrics = metrics_,
                      .store = store_,
                      .router = router_,
                      .places = {{.executor = io_.get_executor(), .random = random_}}}};
  Events events_{{.executor = io_.get_executor(),
                  .clock = clock_,
                  .random = random_,
                  .store = store_,
                  .router = router_,
                  .tenants = tenants_,
                  .intake = intake_,
                  .make_transport = {},
                  .aside = io_.get_executor()}};
  Schedules schedules_{{.executor = io_.get_executor(),
                        .clock = clock_,
                        .store = store_,
                        .router = router_,
                        .tenants = tenants_,
                        .intake = intake_,
                        .make_transport = {}}};
  Objects objects_{config_, store_};
  std::atomic<bool> ready_{true};
  Services services_{.config = config_,
                     .store = store_,
                     .clock = clock_,
                     .directory = directory_,
                     .intake = intake_,
                     .tenants = tenants_,
                     .metrics = metrics_,
                     .gateways = gateways_,
                     .webhooks = webhooks_,
                     .events = events_,
                     .schedules = schedules_,
                     .objects = objects_,
                     .reload = [](bool) { return Reloaded{}; },
                     .ready = ready_,
                     .aside = io_.get_executor()};
};

}  // namespace smsbridge::bridge
