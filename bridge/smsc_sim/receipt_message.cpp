// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/receipt_message.hpp"

#include <chrono>

#include "smpp/receipt_writer.hpp"
#include "smpp/text.hpp"

namespace smsbridge::bridge::smsc_sim {
namespace {

constexpr std::uint8_t esm_class_receipt = 0x04;
constexpr std::uint8_t network_gsm = 3;

// Empty: it says what the standard has.
std::string_view word_of_its_own(smpp::MessageState state, const Options& options) {
  if (options.vendor_words && state == smpp::MessageState::undeliverable) return "NOCRED";
  for (const auto& [word, meaning] : options.dialect.receipt_words)
    if (meaning == state) return word;
  return {};
}

}  // namespace

const smpp::Message& ReceiptMessage::write(const Receipt& receipt, std::uint8_t version, const Options& options) {
  const auto id =
      write_id(id_, options.receipt_id.value_or(options.response_id), options.first_id + receipt.message_number - 1);
  const auto wall = [&](Time time) {
    return options.wall_at_zero +
           std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  };
  smpp::write_receipt_text(text_, {id, receipt.state, wall(receipt.submitted), wall(receipt.done), receipt.quote});
  if (const auto word = word_of_its_own(receipt.state, options); !word.empty()) {
    const auto begin = text_.find("stat:") + 5;
    text_.replace(begin, text_.find(' ', begin) - begin, word);
  }

  const auto& from = receipt.destination;
  const auto& to = receipt.source;
  message_.source = {from.ton, from.npi, from.digits};
  message_.destination = {to.ton, to.npi, to.digits};
  message_.esm_class = esm_class_receipt;
  message_.short_message = smpp::as_octets(text_);
  message_.tlvs.clear();
  if (options.receipt_tlvs && version >= smpp::version_34) add_tlvs(receipt, id.size());
  return message_;
}

void ReceiptMessage::add_tlvs(const Receipt& receipt, std::size_t id_size) {
  id_[id_size] = '\0';
  state_ = static_cast<std::uint8_t>(receipt.state);
  const auto code = smpp::network_error_of(receipt.state);
  network_error_ = {network_gsm, static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  message_.tlvs.push_back({smpp::tag::receipted_message_id, smpp::as_octets({id_.data(), id_size + 1})});
  message_.tlvs.push_back({smpp::tag::message_state, smpp::Octets(&state_, 1)});
  if (code != 0) message_.tlvs.push_back({smpp::tag::network_error_code, network_error_});
}

}  // namespace smsbridge::bridge::smsc_sim
