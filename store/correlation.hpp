// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/message.hpp"

namespace smsbridge::store {

// From (gateway, provider id) to the segments that wait for a receipt. In memory: about 40 octets an open segment,
// rebuilt at start from the open messages, because the progress record holds the id. The key is a 64-bit hash; whoever
// uses a hit compares it with that record. Ids are compared without regard to case and leading zeros, since carriers
// change both between the response and the receipt. Writer's thread only.
class Correlation {
 public:
  struct Place {
    MessageId id = 0;
    std::uint8_t segment = 0;
  };

  void clear() { newest_.clear(), older_.clear(), finished_.clear(); }
  void add(GatewayId gateway, std::string_view provider_id, Place place);
  // Newest first: centres use ids again, and two nodes of one centre may use the same.
  std::vector<Place> find(GatewayId gateway, std::string_view provider_id) const;
  // A finished message is remembered for a while, so that a repeated receipt is known as such.
  void retire(GatewayId gateway, std::string_view provider_id, MessageId id);
  std::size_t size() const { return newest_.size() + older_.size(); }

 private:
  static std::uint64_t key(GatewayId gateway, std::string_view provider_id);
  void forget(std::uint64_t hash, MessageId id);
  static constexpr std::size_t finished_max = 65536;
  boost::unordered_flat_map<std::uint64_t, Place> newest_;
  std::unordered_multimap<std::uint64_t, Place> older_;
  std::deque<std::pair<std::uint64_t, MessageId>> finished_;
};

// Lower case, leading zeros removed.
std::string canonical_provider_id(std::string_view provider_id);
bool same_provider_id(std::string_view a, std::string_view b);  // in their canonical form

}  // namespace smsbridge::store
