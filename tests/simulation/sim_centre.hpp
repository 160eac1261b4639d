// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/smsc_sim/smsc.hpp"
#include "smpp/framer.hpp"
#include "tests/simulation/sim_network.hpp"

namespace smsbridge::simulation {

// A part that the centre took, with what the centre said of it since.
struct TakenPart {
  std::size_t gateway = 0;  // place in the configuration
  std::string provider_id;  // canonical, as in the response
  std::string destination, text;
  int part = 1, parts = 1;
  Time taken_at{};
  smpp::MessageState state = smpp::MessageState::none;  // of its receipt, once one was sent
  std::optional<Time> receipt_answered_at;              // with 0
};

// The simulated message centre on the simulated network, and an ear on the line: it follows the PDUs of both ways, so
// that it knows which receipt was answered, and when.
class SimCentre : public Acceptor {
 public:
  struct Observer {
    std::function<void(TakenPart&)> taken;
    std::function<void(TakenPart&, smpp::MessageState)> receipt_answered;
    std::function<void()> submit_seen;
    std::function<void(const std::string&)> protocol_error;
  };

  SimCentre(std::size_t gateway, std::uint16_t port, bridge::smsc_sim::Options options, SimClock& clock,
            SimNetwork& network, Observer observer);

  std::uint64_t accepted() override;
  void received(std::uint64_t session, const std::string& octets) override;
  void closed(std::uint64_t session) override;

  void hang_up();            // unbinds all sessions
  void set_down(bool down);  // an outage cuts everybody
  void heal();
  bool is_idle() const { return smsc_.receipts_waiting() == 0; }
  const bridge::smsc_sim::Counts& counts() const { return smsc_.counts(); }
  // By canonical id of the response.
  TakenPart* find(const std::string& provider_id);
  TakenPart* find_by_receipt_id(const std::string& provider_id);

 private:
  struct Line {
    std::uint64_t connection = 0;
    smpp::Framer from_client{smpp::pdu_size_max_limit}, to_client{smpp::pdu_size_max_limit};
    std::map<std::uint32_t, std::pair<TakenPart*, smpp::MessageState>> deliveries;
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
