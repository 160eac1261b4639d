// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/content_coding.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using http_gateways::Headers;

TEST(ContentCoding, IsUndoneWhereThereIsOne) {
  // gzip, zlib and bare deflate of {"id":"A1"}; made by zlib 1.2.
  const auto octets = [](std::string_view hexadecimal) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2)
      out += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
    return out;
  };
  const std::string plain = R"({"id":"A1"})";
  const auto gzip = octets("1f8b08000000000002ffab56ca4c51b252723454aa05004ca588900b000000"),
             named = octets("1f8b08080000000002ff7265706c792e6a736f6e00ab56ca4c51b252723454aa05004ca588900b000000"),
             zlib = octets("789cab56ca4c51b252723454aa050012c502fa"), bare = octets("ab56ca4c51b252723454aa0500");
  const Headers is_gzip{{"Content-Encoding", "gzip"}}, is_deflate{{"content-encoding", "Deflate"}},
      is_utf8{{"Content-Encoding", "UTF-8"}};
  EXPECT_EQ(decoded_body({200, is_gzip, gzip}, 100), plain);
  EXPECT_EQ(decoded_body({200, {}, gzip}, 100), plain);
  EXPECT_EQ(gzipped(plain), gzip);
  EXPECT_EQ(decoded_body({200, is_gzip, named}, 100), plain);
  EXPECT_EQ(decoded_body({200, is_deflate, zlib}, 100), plain);
  EXPECT_EQ(decoded_body({200, is_deflate, bare}, 100), plain);
  for (const auto& headers : {is_gzip, is_deflate, is_utf8}) EXPECT_EQ(decoded_body({200, headers, plain}, 100), plain);
  EXPECT_EQ(decoded_body({200, is_gzip, gzip}, 5), std::nullopt);
  for (std::size_t size = 0; size < gzip.size() - 8; ++size)
    EXPECT_EQ(decoded_body({200, is_gzip, gzip.substr(0, size)}, 100), gzip.substr(0, size)) << size;
}

TEST(ContentCoding, IsDoneAndUndone) {
  std::string body;
  for (int n = 0; body.size() < 300'000; ++n) body += std::to_string(n * 2'654'435'761u) + ",\n";
  for (const auto& plain : {std::string(), std::string("x"), body}) {
    const auto packed = gzipped(plain);
    EXPECT_EQ(decoded_body({200, {}, packed}, 1'000'000), plain) << plain.size();
    EXPECT_LE(packed.size(), plain.size() + 30);
  }
}

}  // namespace
}  // namespace smsbridge::bridge
