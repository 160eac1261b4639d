// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/reply.hpp"

#include <gtest/gtest.h>

namespace smsbridge::http_gateways {
namespace {

TEST(Reply, WebPages) {
  const Headers html{{"content-type", "Text/HTML; charset=utf-8"}}, text{{"Content-Type", "text/plain"}};
  const struct {
    Reply reply;
    bool page;
  } rows[] = {
      {{200, html, "<html><body>Please log in</body></html>"}, true},
      {{200, text, "\r\n <!DOCTYPE html><html>"}, true},
      {{200, {}, "\xEF\xBB\xBF<HTML lang=en>"}, true},
      {{200, html, "<head><meta http-equiv=refresh>"}, true},
      {{200, html, "<!-- proxy --><html>"}, true},
      {{200, html, "OK\n"}, false},
      {{202, html, "0: Accepted for delivery"}, false},
      {{200, html, ""}, false},
      {{200, text, "<ok/>"}, false},
      {{200, {}, "{\"text\":\"<html>\"}"}, false},
  };
  for (const auto& row : rows) EXPECT_EQ(is_web_page(row.reply), row.page) << row.reply.body;
}

}  // namespace
}  // namespace smsbridge::http_gateways
