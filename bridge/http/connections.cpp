// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/connections.hpp"

#include <utility>
#include <vector>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

bool Connections::has_room(const boost::asio::ip::address& address) {
  using enum metrics::ConnectionDrop;
  if (has_too_many(address)) return dropped(address_full, address), false;
  if (open_ >= limits_.connections && !evict_one()) return dropped(full, address), false;
  return true;
}

void Connections::add(Connection& connection) {
  connection.number = ++last_number_;
  all_.emplace(connection.number, &connection);
  ++open_;
  metrics_.connections->Increment();
  if (!connection.address.is_unspecified()) ++per_address_[connection.address];
}

bool Connections::has_too_many(const boost::asio::ip::address& address) const {
  const auto found = per_address_.find(address);
  return found != per_address_.end() && found->second >= limits_.connections_per_address;
}

void Connections::wait_in(Connection& connection, Waiting kind) {
  leave(connection);
  auto& list = waiting_[static_cast<std::size_t>(kind)];
  connection.place = list.insert(list.end(), &connection);
  connection.waiting = kind;
}

void Connections::leave(Connection& connection) {
  if (!connection.waiting) return;
  waiting_[static_cast<std::size_t>(*connection.waiting)].erase(connection.place);
  connection.waiting.reset();
}

void Connections::closed(Connection& connection) {
  leave(connection);
  if (!std::exchange(connection.open, false)) return;
  --open_;
  metrics_.connections->Decrement();
  if (const auto found = per_address_.find(connection.address); found != per_address_.end() && --found->second == 0)
    per_address_.erase(found);
}

bool Connections::evict_one() {
  for (auto& list : waiting_) {
    if (list.empty()) continue;
    auto& connection = *list.front();
    dropped(metrics::ConnectionDrop::evicted, connection.address);
    connection.close();
    return true;
  }
  return false;
}

void Connections::dropped(metrics::ConnectionDrop why, const boost::asio::ip::address& address) {
  metrics_.dropped_connections[why]->Increment();
  const std::string reason = metrics::label_value(why);
  if (const auto count = dropped_.due(reason, clock_.now()))
    log::warn("http", "connections of clients were closed to make or keep room", "listener", limits_.name, "reason",
              reason, "open", open_, "limit", limits_.connections, "address",
              address.is_unspecified() ? "" : address.to_string(), "times", count);
}

void Connections::out_of_descriptors() {
  dropped(metrics::ConnectionDrop::no_descriptor, {});
  evict_one();
}

void Connections::expire_late() {
  const auto now = clock_.now();
  std::vector<Connection*> late;
  for (const auto& [number, connection] : all_)
    if (connection->deadline <= now) late.push_back(connection);
  for (auto* connection : late) connection->expire();
}

void Connections::stop() {
  const auto all = all_;
  for (const auto& [number, connection] : all) connection->stop();
}

}  // namespace smsbridge::bridge
