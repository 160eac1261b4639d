// SPDX-License-Identifier: MPL-2.0
#include "smpp/status.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "smpp/dialect.hpp"
#include "smpp/operations.hpp"

namespace smsbridge::smpp {
namespace {

boost::json::object reference() {
  std::ifstream file(TEST_DATA "/smpp/command_status.json");
  std::stringstream text;
  text << file.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

std::uint32_t number(const boost::json::value& hex) {
  return static_cast<std::uint32_t>(std::stoul(std::string(hex.as_string()), nullptr, 16));
}

TEST(Status, IsTheReferenceTable) {
  const auto table = reference();
  const auto& codes = table.at("codes").as_array();
  EXPECT_EQ(codes.size(), status_table().size());
  EXPECT_GT(codes.size(), 60U);
  for (const auto& row : codes) {
    const auto code = number(row.at("code"));
    const auto& info = status_info(code);
    SCOPED_TRACE(info.name);
    EXPECT_EQ(info.code, code);
    EXPECT_EQ(info.name, std::string_view(row.at("name").as_string()));
    EXPECT_EQ(info.meaning, std::string_view(row.at("meaning").as_string()));
    EXPECT_EQ(status_class_name(info.status_class), std::string_view(row.at("class").as_string()));
    EXPECT_EQ(status_class_name(info.bind_class), std::string_view(row.at("bind_class").as_string()));
    EXPECT_EQ(status_name(code), info.name);
  }
  for (const auto& row : table.at("ranges").as_array())
    for (const auto* end : {"from", "to"}) {
      const auto code = number(row.at(end));
      const auto& info = status_info(code);
      if (info.code == code && !info.name.empty()) continue;  // listed after all
      EXPECT_EQ(info.code, number(row.at("from")));
      EXPECT_EQ(status_class_name(info.status_class), std::string_view(row.at("class").as_string()));
      EXPECT_EQ(status_class_name(info.bind_class), std::string_view(row.at("bind_class").as_string()));
    }
}

TEST(Status, NamesOfCodes) {
  EXPECT_EQ(status_name(0x0B), "ESME_RINVDSTADR");
  EXPECT_EQ(status_name(0x403), "0x00000403");
  EXPECT_EQ(status_name(0x94), "0x00000094");
  EXPECT_EQ(status_name(0xFFFFFFFF), "0xFFFFFFFF");
}

TEST(Status, DialectOverridesTheClass) {
  Dialect dialect;
  EXPECT_EQ(dialect.class_of(0x45), StatusClass::permanent_message_failure);
  dialect.status_overrides[0x45] = StatusClass::throttle;
  EXPECT_EQ(dialect.class_of(0x45), StatusClass::throttle);
}

TEST(Operations, WhatIsAllowedWhere) {
  using enum SessionState;
  struct {
    const char* name;
    SessionState state;
    Command command;
    bool send, receive;
  } const cases[] = {
      {"submit before the bind", open, Command::submit_sm, false, false},
      {"submit as receiver", bound_rx, Command::submit_sm, false, false},
      {"submit as transmitter", bound_tx, Command::submit_sm, true, false},
      {"submit as transceiver", bound_trx, Command::submit_sm, true, false},
      {"submit while leaving", unbinding, Command::submit_sm, false, false},
      {"deliver before the bind", open, Command::deliver_sm, false, false},
      {"deliver to a receiver", bound_rx, Command::deliver_sm, false, true},
      {"deliver to a transmitter", bound_tx, Command::deliver_sm, false, true},
      {"enquire_link before the bind", open, Command::enquire_link, true, true},
      {"unbind before the bind", open, Command::unbind, false, false},
      {"unbind", bound_trx, Command::unbind, true, true},
      {"outbind", open, Command::outbind, false, true},
      {"nothing without a connection", closed, Command::enquire_link, false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(may_send(c.state, c.command), c.send);
    EXPECT_EQ(may_receive(c.state, c.command), c.receive);
  }
}

TEST(Operations, IndexAndNameBelongTogether) {
  for (std::size_t i = 0; i < operations().size(); ++i) {
    const auto id = static_cast<std::uint32_t>(operations()[i].command);
    EXPECT_EQ(operation_index(id), i);
    EXPECT_EQ(command_name(id), operations()[i].name);
  }
  for (const std::uint32_t id : {0x111U, 0x10200U, 0x23U, 0x0U, 0x80000102U, 0x8000000BU, 0xFFFFFFFFU}) {
    EXPECT_EQ(find_operation(id), nullptr);
    EXPECT_EQ(operation_index(id), operation_count);
  }
  EXPECT_EQ(command_name(0x111), "0x00000111");
}

}  // namespace
}  // namespace smsbridge::smpp
