// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "bridge/delivery/channel.hpp"

namespace smsbridge::bridge {

// A running gateway, as the API reaches it: it lives on another shard perhaps.
class GatewayControl {
 public:
  virtual ~GatewayControl() = default;
  enum class Action { show, pause, resume, drain, reconnect };  // resume ends pause and drain
  // `done` runs on `home`.
  virtual void ask(const std::string& gateway, Action action, boost::asio::any_io_executor home,
                   std::function<void(GatewayStatus)> done) = 0;
  // Asks the carrier that took this message to deliver it no more. Nothing is written down.
  virtual void cancel(const std::string& gateway, store::Message message, boost::asio::any_io_executor home,
                      std::function<void(Channel::CancelAnswer)> done) = 0;
  virtual void callback(const std::string& gateway, http_gateways::CallbackRequest request,
                        boost::asio::any_io_executor home, std::function<void(http_gateways::CallbackAnswer)> done) = 0;
};

}  // namespace smsbridge::bridge
