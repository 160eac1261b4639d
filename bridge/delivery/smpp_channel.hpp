// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>

#include "bridge/delivery/account_health.hpp"
#include "bridge/delivery/learnt_ids.hpp"
#include "bridge/delivery/smpp_hosts.hpp"
#include "bridge/delivery/smpp_link.hpp"
#include "bridge/delivery/smpp_message.hpp"
#include "bridge/delivery/smpp_questions.hpp"
#include "bridge/env/log_throttle.hpp"
#include "smpp/receipt.hpp"

namespace smsbridge::bridge {

// What the binds need of the world; everything outlives them.
struct SmppContext {
  boost::asio::any_io_executor executor;
  Clock& clock;
  Connector& connector;
  Random& random;
  metrics::GatewayMetrics& metrics;
  metrics::SmppMetrics& smpp_metrics;
  std::shared_ptr<Pace> pace;
  std::function<std::string(store::TenantId)> tenant_name{};  // perhaps empty: then nobody has a name
  // Messages of this gateway whose receipt is awaited, by the end of their wait; perhaps empty.
  std::function<store::AwaitedPage(store::AwaitedAt from, WallMs until)> awaited{};
  std::shared_ptr<IdLearning> ids{};  // of the account; nullptr: the dialect says how it writes them
};

// The binds to one carrier. Chooses the bind for each part, reads answers and receipts in the carrier's dialect.
class SmppChannel : public Channel, private SmppLink::Owner {
 public:
  SmppChannel(const GatewaySettings& config, SmppContext context, Channel::Owner& owner);
  ~SmppChannel() override;

  void start() override;
  void stop() override;
  void abort() override;
  void reconnect() override;
  bool is_closed() const override;
  bool reports(std::string_view provider_id) const override { return config_.receipts && !provider_id.empty(); }
  bool is_up() const override { return bound_senders() > 0 && !health_.is_open(); }
  std::size_t capacity() const override;
  std::size_t room() const override;
  tl::expected<std::unique_ptr<Outgoing>, std::string> prepare(const store::Claimed& message, WallMs now) override;
  bool has_room_for(Outgoing& message) override;
  void done_with(const Outgoing& message) override;
  Submitted submit(std::uint64_t cookie, Outgoing& message, std::size_t part) override;
  void cancel(const store::Message& message, std::function<void(CancelAnswer)> done) override {
    questions_.cancel(message, std::move(done));
  }
  void describe(GatewayStatus& status) const override;
  void publish_metrics() override;

 private:
  void on_bound(SmppLink& link) override;
  void on_answered(SmppLink& link, const smpp::Answered& answer) override;
  void on_late_answer(SmppLink& link, const smpp::LateAnswer& answer) override;
  void on_unanswered(SmppLink& link, const smpp::Unanswered& request) override;
  void on_replied(SmppLink&, const smpp::Replied& replied) override { questions_.on_replied(replied); }
  void on_delivered(SmppLink& link, const smpp::Delivered& delivery) override;
  void on_congestion(SmppLink& link, std::uint8_t state) override;
  void on_window_moved(SmppLink& link) override;
  void on_lost(SmppLink& link, smpp::LostReason reason, bool was_bound) override;
  void on_refused(SmppLink& link, const smpp::Refused& refused) override;
  void on_not_bound(SmppLink& link, metrics::BindResult result) override;

  SmppLink* choose_link(const SmppMessage& message) const;
  static void leaves_by(SmppMessage& message, SmppLink* link, std::uint64_t generation);
  void set_aside_link(const Outgoing& message);
  std::size_t bound_senders() const;
  std::size_t in_flight() const;
  bool takes_another() const;
  void tell_up_or_down();
  void look_at_words(const smpp::Receipt& receipt);
  bool only_accepts() const;

  const GatewaySettings& config_;
  const SmppSettings& way_;
  SmppContext context_;
  Channel::Owner& owner_;
  IdLessons ids_;
  AccountHealth health_;
  bool stopping_ = false;
  bool was_up_ = false;  // as told last
  // By which connection the parts of messages began to leave, of late: what is missing of them follows there.
  std::map<store::MessageId, std::pair<SmppLink*, std::uint64_t>> begun_;
  SmppLink* lone_link_ = nullptr;  // set aside for one message; see Outgoing::alone
  const Outgoing* lone_message_ = nullptr;
  // What was logged last of each link at each host; the same again is worth a line only after a while.
  struct Told {
    std::string error;
    Time at{};
  };
  std::map<std::pair<int, Hosts::Host>, Told> told_;
  log::Throttle lines_;            // about what the centre sends
  std::size_t accepted_only_ = 0;  // receipts with ACCEPTD
  bool final_seen_ = false;        // some receipt was final: this centre tells more than ACCEPTD
  SmppHosts::Links links_;
  SmppHosts hosts_;
  SmppQuestions questions_;
  std::vector<std::pair<smpp::PduCounts, smpp::PduCounts>> published_;  // of each link: sent, received
};

}  // namespace smsbridge::bridge
