// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <cstring>
#include <memory>
#include <utility>

#include "bridge/env/stream.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::bridge {

// The peer's end of a connection. It outlives the link's end.
struct Wire {
  boost::asio::mutable_buffer room;
  Stream::Handler read, write;
  smpp::Buffer sent;
  std::size_t writing = 0;
  bool open = true, write_fails = false;

  void finish_writing() {
    while (write) {
      const auto handler = std::exchange(write, nullptr);
      if (write_fails)
        handler(boost::asio::error::broken_pipe, 0);
      else
        handler({}, writing);
    }
  }
  void say(const smpp::Buffer& data) {
    ASSERT_TRUE(read) << "nobody reads";
    std::memcpy(room.data(), data.data(), data.size());
    std::exchange(read, nullptr)({}, data.size());
    finish_writing();
  }
  void end(boost::system::error_code why = boost::asio::error::eof) {
    ASSERT_TRUE(read) << "nobody reads";
    std::exchange(read, nullptr)(why, 0);
  }
};

struct FakeStream : Stream {
  explicit FakeStream(std::shared_ptr<Wire> its) : wire(std::move(its)) {}
  ~FakeStream() override { wire->open = false; }
  void read_some(boost::asio::mutable_buffer buffer, Handler handler) override {
    wire->room = buffer;
    wire->read = std::move(handler);
  }
  void write_some(boost::asio::const_buffer buffer, Handler handler) override {
    const auto* data = static_cast<const std::uint8_t*>(buffer.data());
    if (!wire->write_fails) wire->sent.insert(wire->sent.end(), data, data + buffer.size());
    wire->writing = buffer.size();
    wire->write = std::move(handler);
  }
  void cancel() override {
    if (wire->read) wire->end(boost::asio::error::operation_aborted);
  }
  void finish() override {}
  void close() override { wire->open = false; }
  std::shared_ptr<Wire> wire;
};

}  // namespace smsbridge::bridge
