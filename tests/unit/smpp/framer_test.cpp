// SPDX-License-Identifier: MPL-2.0
#include "smpp/framer.hpp"

#include <gtest/gtest.h>

#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::smpp {
namespace {

using namespace std::chrono_literals;

const Time t0{};

Buffer stream_of(std::uint32_t count) {
  Buffer out;
  for (std::uint32_t i = 1; i <= count; ++i) {
    const auto pdu = raw(Command::deliver_sm, 0, i, Buffer(i % 50, 'x'));
    out.insert(out.end(), pdu.begin(), pdu.end());
  }
  return out;
}

TEST(Framer, OneOctetAtATime) {
  Framer framer;
  std::uint32_t sequence = 0;
  for (const auto octet : stream_of(100)) {
    framer.feed(Octets(&octet, 1), t0);
    while (const auto frame = framer.next()) EXPECT_EQ(decode_header(*frame)->sequence, ++sequence);
  }
  EXPECT_EQ(sequence, 100U);
  EXPECT_FALSE(framer.partial_since());
}

TEST(Framer, ManyInOneChunk) {
  Framer framer;
  framer.feed(stream_of(1000), t0);
  std::uint32_t sequence = 0;
  while (const auto frame = framer.next()) EXPECT_EQ(decode_header(*frame)->sequence, ++sequence);
  EXPECT_EQ(sequence, 1000U);
}

TEST(Framer, EveryWayToCutInTwo) {
  const auto stream = stream_of(4);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Framer framer;
    std::uint32_t sequence = 0;
    for (const auto part : {Octets(stream).first(cut), Octets(stream).subspan(cut)}) {
      framer.feed(part, t0);
      while (const auto frame = framer.next()) EXPECT_EQ(decode_header(*frame)->sequence, ++sequence);
    }
    EXPECT_EQ(sequence, 4U) << "cut at " << cut;
  }
}

TEST(Framer, LooksAheadOfWhatIsTaken) {
  Framer framer;
  framer.feed(stream_of(2), t0);
  EXPECT_EQ(decode_header(*framer.look())->sequence, 1U);
  EXPECT_EQ(decode_header(*framer.look())->sequence, 2U);
  EXPECT_FALSE(framer.look());
  EXPECT_EQ(decode_header(*framer.next())->sequence, 1U);
  framer.feed(raw(Command::unbind, 0, 3), t0);
  EXPECT_EQ(decode_header(*framer.look())->sequence, 3U);
  EXPECT_EQ(decode_header(*framer.next())->sequence, 2U);
  EXPECT_EQ(decode_header(*framer.next())->sequence, 3U);
  EXPECT_FALSE(framer.has_next());
}

TEST(Framer, LengthsAtTheLimits) {
  struct {
    const char* name;
    std::size_t size_max;
    std::uint32_t length;
    bool broken;
  } const cases[] = {
      {"zero", 8192, 0, true},
      {"15", 8192, 15, true},
      {"16", 8192, 16, false},
      {"8192", 8192, 8192, false},
      {"8193", 8192, 8193, true},
      {"70000", 70000, 70000, false},
      {"70001", 70000, 70001, true},
      {"limit is clamped", 1'000'000, 70001, true},
      {"all ones", 8192, 0xFFFFFFFF, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Framer framer(c.size_max);
    Buffer head{static_cast<std::uint8_t>(c.length >> 24), static_cast<std::uint8_t>(c.length >> 16),
                static_cast<std::uint8_t>(c.length >> 8), static_cast<std::uint8_t>(c.length)};
    framer.feed(head, t0);
    EXPECT_EQ(framer.is_broken(), c.broken);
    if (c.broken) continue;
    framer.feed(Buffer(c.length - 4, 0), t0);
    ASSERT_TRUE(framer.has_next());
    EXPECT_EQ(framer.next()->size(), c.length);
  }
}

TEST(Framer, WhatCameBeforeABrokenLengthCounts) {
  Framer framer;
  auto stream = stream_of(2);
  const auto broken = octets("0000000A 00000005 00000000 00000063");
  stream.insert(stream.end(), broken.begin(), broken.end());
  framer.feed(stream, t0);
  EXPECT_TRUE(framer.is_broken());
  EXPECT_TRUE(framer.next());
  EXPECT_TRUE(framer.next());
  EXPECT_FALSE(framer.next());
  EXPECT_EQ(hex(framer.broken_frame()), hex(broken));
  framer.feed(stream_of(1), t0);
  EXPECT_FALSE(framer.next()) << "nothing behind it can be trusted";
}

TEST(Framer, KnowsWhenAPartialFrameBegan) {
  Framer framer;
  const auto stream = stream_of(3);
  const auto first = 16 + 1U;
  framer.feed(Octets(stream).first(3), t0 + 1s);
  EXPECT_EQ(framer.partial_since(), t0 + 1s);
  framer.feed(Octets(stream).subspan(3, 5), t0 + 5s);
  EXPECT_EQ(framer.partial_since(), t0 + 1s) << "more of the same frame does not restart the time";
  framer.feed(Octets(stream).subspan(8, first - 8 + 1), t0 + 6s);
  EXPECT_EQ(framer.partial_since(), t0 + 6s) << "the next one began";
  framer.feed(Octets(stream).subspan(first + 1), t0 + 7s);
  EXPECT_FALSE(framer.partial_since());
}

}  // namespace
}  // namespace smsbridge::smpp
