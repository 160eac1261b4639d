// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <deque>
#include <map>

#include "bridge/env/http_transport.hpp"
#include "bridge/env/random.hpp"
#include "bridge/smsc_sim/options.hpp"
#include "tests/simulation/peer.hpp"

namespace smsbridge::simulation {

// The account of a gateway of this kind. Two kinds are played: `generic`, which sends a repeated request again, and
// `infobip`, which knows it by our id.
boost::json::object provider_account(const std::string& kind, std::size_t gateway);

// A provider of SMS over HTTP, without HTTP: it gets what the adapter built, and what it answers the adapter reads. Its
// faults are those of the simulated centre, by their meaning: swallow and disconnect lose answers, disconnect_before
// loses requests.
class SimProvider : public Peer {
 public:
  // Calls the daemon back.
  using CallBack =
      std::function<void(const http_gateways::CallbackRequest&, std::function<void(http_gateways::CallbackAnswer)>)>;

  SimProvider(std::size_t gateway, std::string kind, const bridge::smsc_sim::Options& options, double refuse,
              SimClock& clock, Observer observer, CallBack call_back);

  // To whichever of them a request's address names.
  static std::unique_ptr<bridge::HttpTransport> transport(const std::map<std::string, SimProvider*>& by_host,
                                                          SimClock& clock, boost::asio::any_io_executor executor);
  static std::string host(std::size_t gateway) { return "provider-" + std::to_string(gateway + 1); }

  void hang_up() override {}
  void set_down(bool down) override { down_ = down; }
  void heal() override;
  bool is_idle() const override { return waiting_ == 0; }
  const bridge::smsc_sim::Counts& counts() const override { return counts_; }
  TakenPart* find(const std::string& provider_id) override;
  TakenPart* find_by_receipt_id(const std::string& provider_id) override { return find(provider_id); }

 private:
  class Transport;
  http_gateways::Reply take(const http_gateways::Request& request);
  TakenPart& keep(const std::string& to, const std::string& text);
  void plan_receipt(TakenPart& part, std::string callback_url, std::string reference);
  void report(TakenPart& part, const std::string& callback_url, const std::string& reference, bool final_state);
  Duration drawn(Duration delay, Duration jitter);

  const std::size_t gateway_;
  const std::string kind_;
  bridge::smsc_sim::Options options_;
  double refuse_;
  SimClock& clock_;
  bridge::Random random_;
  Observer observer_;
  CallBack call_back_;
  bool down_ = false;
  std::size_t waiting_ = 0;  // receipts that are not answered yet
  std::deque<TakenPart> taken_;
  std::map<std::string, TakenPart*> by_id_, by_reference_;
  std::deque<Time> last_second_;
  bridge::smsc_sim::Counts counts_;
};

}  // namespace smsbridge::simulation
