// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/phones.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

namespace smsbridge::bridge::smsc_sim {
namespace {

constexpr std::size_t line_max = 64 << 10;

}  // namespace

Phones::Phones(boost::asio::io_context& context, Server& server, const std::string& file) : server_(server) {
  if (file.empty()) return;
  if (file == "-") {
    boost::system::error_code no_stream;
    input_.emplace(context);
    input_->assign(::dup(STDIN_FILENO), no_stream);
    if (!no_stream) {
      listen();
      return;
    }
    input_.reset();  // a file stands there: it is read at once
  }
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  auto& in = file == "-" ? std::cin : opened;
  if (!in) throw std::runtime_error("--inbound: cannot read " + file);
  for (std::string line; std::getline(in, line);) send(line);
}

void Phones::listen() {
  boost::asio::async_read_until(*input_, boost::asio::dynamic_buffer(heard_, line_max), '\n',
                                [this](boost::system::error_code ec, std::size_t size) {
                                  if (ec && heard_.empty()) return;
                                  const auto length = ec ? heard_.size() : size;
                                  send(heard_.substr(0, length));
                                  heard_.erase(0, length);
                                  if (!ec) listen();
                                });
}

void Phones::send(const std::string& line) {
  const auto end = line.find_last_not_of("\r\n");
  if (end == std::string::npos) return;
  const auto first = line.find(' '), second = line.find(' ', first == std::string::npos ? first : first + 1);
  if (second != std::string::npos &&
      server_.from_phone(line.substr(0, first), line.substr(first + 1, second - first - 1),
                         line.substr(second + 1, end - second)))
    return;
  fmt::print(stderr, "smsc-sim: --inbound: write FROM TO TEXT, such as: 254712345678 22384 STOP\n");
}

}  // namespace smsbridge::bridge::smsc_sim
