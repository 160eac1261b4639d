// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/socket_base.hpp>
#include <memory>
#include <utility>

#include "bridge/env/stream.hpp"

namespace smsbridge::bridge {

// A socket of the kernel. It belongs to a shared object, because a handler may run after the stream's owner let it go.
template <class Socket>
class SocketStream : public Stream {
 public:
  explicit SocketStream(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  ~SocketStream() override { SocketStream::close(); }

  void read_some(boost::asio::mutable_buffer buffer, Handler handler) override {
    socket_->async_read_some(buffer, kept(std::move(handler)));
  }
  void write_some(boost::asio::const_buffer buffer, Handler handler) override {
    socket_->async_write_some(buffer, kept(std::move(handler)));
  }
  void cancel() override {
    boost::system::error_code ignored;
    socket_->cancel(ignored);
  }
  void finish() override {
    boost::system::error_code ignored;
    socket_->shutdown(boost::asio::socket_base::shutdown_send, ignored);
  }
  void close() override {
    boost::system::error_code ignored;
    socket_->close(ignored);
  }

 private:
  auto kept(Handler handler) {
    return [socket = socket_, h = std::move(handler)](boost::system::error_code ec, std::size_t n) { h(ec, n); };
  }

  std::shared_ptr<Socket> socket_;
};

}  // namespace smsbridge::bridge
