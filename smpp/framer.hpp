// SPDX-License-Identifier: MPL-2.0
// A stream of octets cut into PDUs (SMPP 3.4 section 3.2). Only command_length is judged here: when it is impossible,
// no later octet can be trusted and the connection has to be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "smpp/pdu.hpp"
#include "smpp/time.hpp"

namespace smsbridge::smpp {

inline constexpr std::size_t pdu_size_max_limit = 70'000;  // message_payload of 65,535 octets and the rest

// Frames are handed out twice, in order: look() gives each one as soon as it is complete, next() when its turn has
// come. So an enquire_link is seen although deliveries before it are still waiting to be taken.
class Framer {
 public:
  explicit Framer(std::size_t pdu_size_max = 8192);

  // Frames handed out before are invalid afterwards.
  void feed(Octets octets, Time now);

  std::optional<Octets> look();
  std::optional<Octets> next();
  // A frame that is complete and not taken by next() yet.
  bool has_next() const { return taken_ < complete_; }

  // The stream cannot be followed any further; frames before the broken one can still be taken.
  bool is_broken() const { return broken_; }
  // What there is of the broken frame.
  Octets broken_frame() const;
  // What is there and is no whole frame: the broken one, or the beginning of the next.
  Octets rest() const { return Octets(buffer_).subspan(complete_); }
  // When the first octet of a frame arrived whose last one is still missing.
  std::optional<Time> partial_since() const { return partial_since_; }
  // The reader was held up, not the peer.
  void restart_partial(Time now) {
    if (partial_since_) partial_since_ = now;
  }
  std::size_t size() const { return buffer_.size() - taken_; }

  // Forgets everything, as for a new connection. Frames handed out before stay valid until the next feed().
  void clear();

 private:
  std::size_t pdu_size_max_;
  std::vector<std::uint8_t> buffer_;
  std::size_t taken_ = 0;     // everything before has been handed out by next()
  std::size_t looked_ = 0;    // ... by look()
  std::size_t complete_ = 0;  // ... consists of whole frames
  bool broken_ = false;
  std::optional<Time> partial_since_;
};

}  // namespace smsbridge::smpp
