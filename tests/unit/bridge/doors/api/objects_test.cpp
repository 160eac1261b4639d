// SPDX-License-Identifier: MPL-2.0
// Changes of gateways and routes over HTTP: which thread waits for the disk.
#include "bridge/doors/api/objects.hpp"

#include "tests/unit/bridge/doors/doors.hpp"

namespace smsbridge::bridge {
namespace {

TEST_F(DoorsTest, NoShardWaitsForTheDiskOfAChange) {
  boost::asio::io_context aside;
  services_.aside = aside.get_executor();
  objects_.on_change([](const auto&) {});
  const auto endpoints = object_endpoints(services_);
  const auto door = make_door(endpoints, metrics_.http(), clock_, to_response);
  HttpRequest request;
  request.raw.method(http::verb::post);
  request.raw.target("/api/v1/routes");
  request.raw.body() = R"({"name": "kenya", "via": [{"gateway": "umoja-out"}]})";
  request.raw.set("Authorization", "Bearer " + create_key(store_, {.name = "test", .scopes = key_scopes()}).bearer);
  EXPECT_TRUE(parse_target(request.raw.target(), request.path, request.query));
  request.executor = io_.get_executor();
  std::optional<HttpResponse> answer;
  door.handle(request, [&answer](HttpResponse given) { answer = std::move(given); });
  io_.poll();
  EXPECT_FALSE(objects_.table()->route("kenya")) << "the shard made the change itself";
  aside.run();
  EXPECT_TRUE(objects_.table()->route("kenya"));
  EXPECT_FALSE(answer) << "the shard answers, not the thread aside";
  io_.restart();
  io_.poll();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, http::status::created) << answer->body;
}

}  // namespace
}  // namespace smsbridge::bridge
