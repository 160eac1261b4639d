// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/smpp_link.hpp"
#include "bridge/policy/hosts.hpp"

namespace smsbridge::bridge {

// What a gateway knows of its carrier's hosts, where there are several: those that failed and have no session are
// connected to from time to time, without a bind; and sessions go home one after the other, each with an empty window.
// Which host is good is decided in `policy/hosts`. Lives on the gateway's shard; its links outlive it.
class SmppHosts {
 public:
  using Links = std::vector<std::shared_ptr<SmppLink>>;
  SmppHosts(const GatewaySettings& config, boost::asio::any_io_executor executor, Clock& clock, Connector& connector,
            Random& random, metrics::SmppMetrics& metrics, const Links& links);

  Hosts& hosts() { return hosts_; }
  void start();
  void stop();
  // A session was bound: whether that is at another host than before is told, and counted.
  void bound(const SmppLink& link);
  void describe(GatewayStatus& status) const;  // its sessions and hosts
  void publish_metrics();

 private:
  void look();
  void try_out(Hosts::Host host);
  void works(Hosts::Host host);
  bool bring_one_home();
  std::size_t sessions_at(Hosts::Host host) const;

  const GatewaySettings& config_;
  boost::asio::any_io_executor executor_;
  Clock& clock_;
  Connector& connector_;
  Random& random_;
  metrics::SmppMetrics& metrics_;
  const Links& links_;
  const std::vector<Address> addresses_;
  Hosts hosts_;
  std::vector<Hosts::Host> last_;  // of each link: where it was bound
  std::vector<bool> trying_;       // hosts that are being connected to
  std::unique_ptr<Timer> look_timer_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // for attempts that outlive this
};

}  // namespace smsbridge::bridge
