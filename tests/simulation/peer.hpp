// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "bridge/smsc_sim/smsc.hpp"
#include "store/message.hpp"
#include "tests/simulation/sim_clock.hpp"

namespace smsbridge::simulation {

// A part that a carrier took, with what the carrier said of it since.
struct TakenPart {
  std::size_t gateway = 0;  // place in the configuration
  std::string provider_id;  // canonical, as in the response
  std::string destination, text;
  int part = 1, parts = 1;
  Time taken_at{};
  std::uint64_t session = 0;                            // that brought it; 0: there are none
  smpp::MessageState state = smpp::MessageState::none;  // of its receipt, once one was sent
  std::optional<Time> receipt_answered_at;              // in good
};

// A submit as it arrives at a message centre, whatever becomes of it. Of a provider nothing is said.
struct SeenSubmit {
  std::string text;  // of this part
  int part = 1;
  std::vector<store::Tlv> tlvs;
};

// Who carries a gateway's messages: a message centre, or a provider.
class Peer {
 public:
  struct Observer {
    std::function<void(TakenPart&)> taken;
    std::function<void(TakenPart&, smpp::MessageState)> receipt_answered;
    std::function<void(const SeenSubmit&)> submit_seen;
    std::function<void(const SeenSubmit&, std::uint32_t status)> submit_answered;
    std::function<void(const std::string&)> protocol_error;
    std::function<void(const std::string& text)> phone_answered;  // what a phone sent in one part, in good
  };

  virtual ~Peer() = default;
  virtual void hang_up() = 0;            // cuts everybody
  virtual void set_down(bool down) = 0;  // an outage
  // One of several hosts. Refusing: it answers each bind with this command_status; 0: no longer.
  virtual void set_host_down(std::size_t, bool) {}
  virtual void set_host_refusing(std::size_t, std::uint32_t) {}
  virtual void heal() = 0;
  virtual void from_phone(const std::string&, const std::string&, const std::string&) {}  // from, to, text
  virtual bool is_idle() const = 0;                                                       // says nothing more by itself
  virtual const bridge::smsc_sim::Counts& counts() const = 0;
  // By canonical id of the response.
  virtual TakenPart* find(const std::string& provider_id) = 0;
  virtual TakenPart* find_by_receipt_id(const std::string& provider_id) = 0;
};

}  // namespace smsbridge::simulation
