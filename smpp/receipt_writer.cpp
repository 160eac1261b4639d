// SPDX-License-Identifier: MPL-2.0
#include "smpp/receipt_writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace smsbridge::smpp {
namespace {

struct Minute {
  unsigned year, month, day, hour, minute;
};

Minute minute_of(std::int64_t wall) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::milliseconds> time{chrono::milliseconds(wall)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const auto minutes = static_cast<unsigned>(chrono::floor<chrono::minutes>(time - day).count());
  return {static_cast<unsigned>(static_cast<int>(date.year())) % 100, static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), minutes / 60, minutes % 60};
}

}  // namespace

void write_receipt_text(std::string& out, const ReceiptWords& words) {
  const auto from = minute_of(words.submitted), to = minute_of(words.done);
  out.clear();
  fmt::format_to(std::back_inserter(out),
                 "id:{} sub:001 dlvrd:{} submit date:{:02}{:02}{:02}{:02}{:02} done date:{:02}{:02}{:02}{:02}{:02} "
                 "stat:{} err:{:03} text:{}",
                 words.id, words.state == smpp::MessageState::delivered ? "001" : "000", from.year, from.month,
                 from.day, from.hour, from.minute, to.year, to.month, to.day, to.hour, to.minute,
                 state_word(words.state), network_error_of(words.state), words.quote);
}

std::uint16_t network_error_of(smpp::MessageState state) {
  switch (state) {  // 3GPP TS 29.002 section 17.6.6
    case smpp::MessageState::undeliverable:
      return 1;  // unknown subscriber
    case smpp::MessageState::expired:
      return 27;  // absent subscriber
    case smpp::MessageState::rejected:
      return 13;  // call barred
    default:
      return 0;
  }
}

}  // namespace smsbridge::smpp
