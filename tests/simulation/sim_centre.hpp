// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "smpp/framer.hpp"
#include "tests/simulation/peer.hpp"
#include "tests/simulation/sim_network.hpp"

namespace smsbridge::simulation {

// The simulated message centre on the simulated network, and an ear on the line: it follows the PDUs of both ways, so
// that it knows which receipt was answered, and when.
class SimCentre : public Acceptor, public Peer {
 public:
  SimCentre(std::size_t gateway, std::uint16_t port, bridge::smsc_sim::Options options, SimClock& clock,
            SimNetwork& network, Observer observer);

  std::uint64_t accepted() override;
  void received(std::uint64_t session, const std::string& octets) override;
  void closed(std::uint64_t session) override;

  void hang_up() override;  // unbinds all sessions
  void set_down(bool down) override;
  void heal() override;
  void from_phone(const std::string& from, const std::string& to, const std::string& text) override;
  bool is_idle() const override { return smsc_.receipts_waiting() == 0 && smsc_.phone_parts_waiting() == 0; }
  const bridge::smsc_sim::Counts& counts() const override { return smsc_.counts(); }
  TakenPart* find(const std::string& provider_id) override;
  TakenPart* find_by_receipt_id(const std::string& provider_id) override;

 private:
  struct Line {
    std::uint64_t connection = 0;
    smpp::Framer from_client{smpp::pdu_size_max_limit}, to_client{smpp::pdu_size_max_limit};
    std::map<std::uint32_t, std::pair<TakenPart*, smpp::MessageState>> deliveries;
    std::map<std::uint32_t, std::string> phones;  // texts in one part, by their sequence number
  };
  void listen_to_client(Line& line, const std::string& octets);
  void listen_to_centre(Line& line, smpp::Octets octets);
  void after();
  void arm();

  const std::size_t gateway_;
  const std::uint16_t port_;
  SimClock& clock_;
  SimNetwork& network_;
  Observer observer_;
  bridge::smsc_sim::Smsc smsc_;
  std::map<std::uint64_t, Line> lines_;  // by session
  std::uint64_t last_connection_ = 0;
  std::deque<TakenPart> taken_;
  std::map<std::string, TakenPart*> by_response_id_, by_receipt_id_;
  std::optional<SimClock::AlarmId> alarm_;
};

}  // namespace smsbridge::simulation
