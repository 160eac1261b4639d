// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_labels.hpp"

namespace smsbridge::bridge {

metrics::SmppCommand label_of(smpp::Command command) {
  using metrics::SmppCommand;
  switch (command) {
    case smpp::Command::bind_receiver:
    case smpp::Command::bind_transmitter:
    case smpp::Command::bind_transceiver:
      return SmppCommand::bind;
    case smpp::Command::bind_receiver_resp:
    case smpp::Command::bind_transmitter_resp:
    case smpp::Command::bind_transceiver_resp:
      return SmppCommand::bind_resp;
    case smpp::Command::submit_sm:
      return SmppCommand::submit_sm;
    case smpp::Command::submit_sm_resp:
      return SmppCommand::submit_sm_resp;
    case smpp::Command::deliver_sm:
      return SmppCommand::deliver_sm;
    case smpp::Command::deliver_sm_resp:
      return SmppCommand::deliver_sm_resp;
    case smpp::Command::data_sm:
      return SmppCommand::data_sm;
    case smpp::Command::data_sm_resp:
      return SmppCommand::data_sm_resp;
    case smpp::Command::enquire_link:
      return SmppCommand::enquire_link;
    case smpp::Command::enquire_link_resp:
      return SmppCommand::enquire_link_resp;
    case smpp::Command::unbind:
      return SmppCommand::unbind;
    case smpp::Command::unbind_resp:
      return SmppCommand::unbind_resp;
    case smpp::Command::generic_nack:
      return SmppCommand::generic_nack;
    default:
      return SmppCommand::other;
  }
}

metrics::ReceiptState label_of(smpp::MessageState state) {
  using metrics::ReceiptState;
  switch (state) {
    case smpp::MessageState::scheduled:
    case smpp::MessageState::enroute:
      return ReceiptState::enroute;
    case smpp::MessageState::delivered:
      return ReceiptState::delivered;
    case smpp::MessageState::expired:
      return ReceiptState::expired;
    case smpp::MessageState::deleted:
      return ReceiptState::deleted;
    case smpp::MessageState::undeliverable:
      return ReceiptState::undeliverable;
    case smpp::MessageState::accepted:
      return ReceiptState::accepted;
    case smpp::MessageState::rejected:
    case smpp::MessageState::skipped:
      return ReceiptState::rejected;
    case smpp::MessageState::unknown:
    case smpp::MessageState::none:
      return ReceiptState::unknown;
  }
  return ReceiptState::unknown;
}

metrics::DisconnectReason label_of(smpp::LostReason reason) {
  using metrics::DisconnectReason;
  switch (reason) {
    case smpp::LostReason::local:
      return DisconnectReason::local;
    case smpp::LostReason::peer_unbind:
      return DisconnectReason::peer_unbind;
    case smpp::LostReason::peer_closed:
      return DisconnectReason::peer_closed;
    case smpp::LostReason::enquire_link_timeout:
      return DisconnectReason::enquire_link_timeout;
    case smpp::LostReason::frame_timeout:
    case smpp::LostReason::protocol_error:
    case smpp::LostReason::not_bound:
      return DisconnectReason::protocol_error;
    case smpp::LostReason::bind_timeout:
    case smpp::LostReason::bind_refused:
      return DisconnectReason::io_error;
  }
  return DisconnectReason::io_error;
}

void publish_pdus(const smpp::PduCounts& counted, smpp::PduCounts& published, metrics::Direction direction,
                  metrics::SmppMetrics& metrics) {
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (counted[i] == published[i]) continue;
    const auto label =
        i < smpp::operation_count ? label_of(smpp::operations()[i].command) : metrics::SmppCommand::other;
    metrics.pdus(direction, label)->Increment(static_cast<double>(counted[i] - published[i]));
    published[i] = counted[i];
  }
}

}  // namespace smsbridge::bridge
