// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "metrics/metrics.hpp"
#include "smpp/client_session.hpp"
#include "smpp/receipt.hpp"

// From the protocol's words to the labels of the metrics.
namespace smsbridge::bridge {

metrics::ReceiptState label_of(smpp::MessageState state);
metrics::DisconnectReason label_of(smpp::LostReason reason);
metrics::SmppCommand label_of(smpp::Command command);

// Adds what was counted since `published` to smpp_pdus_total, and remembers it.
void publish_pdus(const smpp::PduCounts& counted, smpp::PduCounts& published, metrics::Direction direction,
                  metrics::SmppMetrics& metrics);

}  // namespace smsbridge::bridge
