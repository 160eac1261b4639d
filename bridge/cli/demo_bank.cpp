// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/demo_bank.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "bridge/http/problem.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t bodies_bytes = 1u << 20;

json::object client() {
  return {{"id", 7},
          {"accountNo", "000000007"},
          {"active", true},
          {"firstname", "Amina"},
          {"lastname", "O'Brien"},
          {"displayName", "Amina O'Brien"},
          {"mobileNo", "0712 345 678"},
          {"officeId", 1},
          {"officeName", "Head Office"}};
}

json::object loan(bool is_approved) {
  return {{"id", 12},
          {"accountNo", "000000012"},
          {"status", {{"id", is_approved ? 200 : 100}, {"value", is_approved ? "Approved" : "Submitted"}}},
          {"clientId", 7},
          {"clientName", "Amina O'Brien"},
          {"loanProductName", "Biashara"},
          {"currency", {{"code", "KES"}, {"decimalPlaces", 2}}},
          {"principal", 50000.0},
          {"approvedPrincipal", 50000.0}};
}

}  // namespace

DemoBank::DemoBank()
    : metrics_({"", "", ""}), bodies_(bodies_bytes, *metrics_.http().body_bytes), work_(io_.get_executor()) {
  HttpLimits limits;
  limits.name = "bank";
  server_ = std::make_unique<HttpServer>(io_.get_executor(), clock_, limits,
                                         make_door(endpoints(), metrics_.http(), clock_, to_response), metrics_.http(),
                                         bodies_);
  port_ = server_->listen({"127.0.0.1", 0}, true);
  thread_ = std::thread([this] { io_.run(); });
}

DemoBank::~DemoBank() {
  boost::asio::post(io_, [this] {
    server_->stop();
    work_.reset();
  });
  thread_.join();
}

std::vector<Endpoint> DemoBank::endpoints() {
  const auto api = std::string("/fineract-provider/api/v1/");
  const auto tell = [](const Respond& respond, const json::object& what) {
    respond({.body = json::serialize(what), .headers = {}});
  };
  return {{http::verb::get, api + "clients/7",
           [tell](const HttpRequest&, const Respond& respond) { tell(respond, client()); }},
          {http::verb::get, api + "loans/12",
           [this, tell](const HttpRequest&, const Respond& respond) { tell(respond, loan(is_approved_)); }}};
}

}  // namespace smsbridge::bridge
