// SPDX-License-Identifier: MPL-2.0
#include "smpp/framer.hpp"

#include <algorithm>

namespace smsbridge::smpp {
namespace {

std::size_t length_at(const std::vector<std::uint8_t>& buffer, std::size_t at) {
  return (std::size_t{buffer[at]} << 24) | (std::size_t{buffer[at + 1]} << 16) | (std::size_t{buffer[at + 2]} << 8) |
         buffer[at + 3];
}

}  // namespace

Framer::Framer(std::size_t pdu_size_max) : pdu_size_max_(std::clamp(pdu_size_max, header_size, pdu_size_max_limit)) {}

void Framer::feed(Octets octets, Time now) {
  if (broken_ || octets.empty()) return;
  // Moving the rest to the front only when at least half is used up keeps the cost per octet constant, also when the
  // octets arrive one at a time.
  if (taken_ == buffer_.size()) {
    buffer_.clear();
    taken_ = looked_ = complete_ = 0;
  } else if (taken_ > buffer_.size() / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    looked_ -= taken_;
    complete_ -= taken_;
    taken_ = 0;
  }
  const auto begin_before = complete_;
  const bool was_partial = buffer_.size() > complete_;
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());

  while (buffer_.size() - complete_ >= 4) {
    const auto length = length_at(buffer_, complete_);
    if (length < header_size || length > pdu_size_max_) {
      broken_ = true;
      break;
    }
    if (buffer_.size() - complete_ < length) break;
    complete_ += length;
  }
  if (complete_ == buffer_.size() || broken_)
    partial_since_.reset();
  else if (!was_partial || complete_ != begin_before)
    partial_since_ = now;
}

std::optional<Octets> Framer::look() {
  looked_ = std::max(looked_, taken_);
  if (looked_ == complete_) return std::nullopt;
  const auto length = length_at(buffer_, looked_);
  const auto frame = Octets(buffer_).subspan(looked_, length);
  looked_ += length;
  return frame;
}

std::optional<Octets> Framer::next() {
  if (taken_ == complete_) return std::nullopt;
  const auto length = length_at(buffer_, taken_);
  const auto frame = Octets(buffer_).subspan(taken_, length);
  taken_ += length;
  return frame;
}

Octets Framer::broken_frame() const { return broken_ ? Octets(buffer_).subspan(complete_) : Octets(); }

void Framer::clear() {
  taken_ = looked_ = complete_ = buffer_.size();
  broken_ = false;
  partial_since_.reset();
}

}  // namespace smsbridge::smpp
