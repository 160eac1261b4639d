// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "smpp/framer.hpp"
#include "tests/simulation/peer.hpp"
#include "tests/simulation/sim_network.hpp"

namespace smsbridge::simulation {

// The simulated message centre on the simulated network, and an ear on the line: it follows the PDUs of both ways, so
// that it knows which receipt was answered, and when. Its hosts are ways to one centre: accounts, ids and receipts are
// the same at each.
class SimCentre : public Peer {
 public:
  SimCentre(std::size_t gateway, const std::vector<std::uint16_t>& ports, bridge::smsc_sim::Options options,
            SimClock& clock, SimNetwork& network, Observer observer);

  void hang_up() override;  // unbinds all sessions
  void set_down(bool down) override;
  void set_host_down(std::size_t host, bool down) override;
  void set_host_refusing(std::size_t host, std::uint32_t status) override { hosts_[host].bind_status = status; }
  void heal() override;
  void from_phone(const std::string& from, const std::string& to, const std::string& text) override;
  bool is_idle() const override { return smsc_.receipts_waiting() == 0 && smsc_.phone_parts_waiting() == 0; }
  const bridge::smsc_sim::Counts& counts() const override { return smsc_.counts(); }
  TakenPart* find(const std::string& provider_id) override;
  TakenPart* find_by_receipt_id(const std::string& provider_id) override;

 private:
  struct Host : Acceptor {
    Host(SimCentre& its, std::uint16_t at) : centre(its), port(at) {}
    std::uint64_t accepted() override { return centre.accepted(*this); }
    void received(std::uint64_t session, const std::string& octets) override { centre.received(session, octets); }
    void closed(std::uint64_t session) override { centre.closed(session); }
    SimCentre& centre;
    const std::uint16_t port;
    std::uint32_t bind_status = 0;
  };
  struct Line {
    const Host* host = nullptr;
    std::uint64_t connection = 0;
    smpp::Framer from_client{smpp::pdu_size_max_limit}, to_client{smpp::pdu_size_max_limit};
    std::map<std::uint32_t, std::pair<TakenPart*, smpp::MessageState>> deliveries;
    std::map<std::uint32_t, std::string> phones;  // texts in one part, by their sequence number
    std::map<std::uint32_t, SeenSubmit> submits;  // that are not answered, likewise
  };
  std::uint64_t accepted(const Host& host);
  void received(std::uint64_t session, const std::string& octets);
  void closed(std::uint64_t session);
  void listen_to_client(Line& line, const std::string& octets);
  void listen_to_centre(Line& line, smpp::Octets octets);
  void submit_seen(Line& line, smpp::Octets frame, std::uint32_t sequence);
  void told_when_asked(smpp::Octets frame);
  void after();
  void arm();

  const std::size_t gateway_;
  SimClock& clock_;
  SimNetwork& network_;
  Observer observer_;
  bridge::smsc_sim::Smsc smsc_;
  std::deque<Host> hosts_;
  std::map<std::uint64_t, Line> lines_;  // by session
  std::deque<TakenPart> taken_;
  std::map<std::string, TakenPart*> by_response_id_, by_receipt_id_;
  std::optional<SimClock::AlarmId> alarm_;
};

}  // namespace smsbridge::simulation
