// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/env/clock.hpp"
#include "smpp/id_rule.hpp"

namespace smsbridge::bridge {

// How a carrier writes the ids of messages in its receipts, learnt from pairs: the id in the answer to a submit, the id
// in a receipt, and the phone of both is the same. A pair counts when one rule alone explains it, whatever other
// message went to that phone; what small numbers leave open shows nothing.
//
// When enough pairs agree one after the other, of several phones, the rule is fixed: from then on a receipt is read by
// it alone. Receipts that it does not explain, and another rule does, make it learn again once there are some of them,
// of several phones; then more pairs are asked for than before, so that of two sites of a carrier that write ids
// differently neither is believed for long. Who sends false receipts can hold the learning up, and teaches nothing:
// true ones contradict him, and a phone counts a few times only.
//
// One for all gateways of an account. Any thread.
class IdLearning {
 public:
  enum class News : std::uint8_t {
    none,
    learnt,        // rule() is fixed
    contradicted,  // it was, and is no more
  };
  // `learnt`: of an earlier process.
  explicit IdLearning(const smpp::Dialect& dialect, std::optional<smpp::IdRule> learnt = std::nullopt)
      : dialect_(dialect), rule_(std::move(learnt)) {}

  // The carrier took a message to this phone under this id.
  News answered(std::string_view id, std::string_view phone, Time now);
  // A receipt with these ids of one message, and its addresses: one of them may be the phone.
  News received(const std::vector<std::string>& ids, std::string_view from, std::string_view to, Time now);

  // Nothing: not known yet, or not any more.
  std::optional<smpp::IdRule> rule() const;
  // The one that the last pairs showed, fixed or not.
  std::optional<smpp::IdRule> likely() const;
  struct State {
    std::optional<smpp::IdRule> rule;
    std::size_t pairs = 0, wanted = 0;  // of an open rule: that agreed, and that it takes
  };
  State state() const;

 private:
  struct Sent {
    std::string id, phone;
    std::uint64_t tail;  // of the phone
    Time at;
    bool is_paired = false;
  };
  struct Received {
    const std::vector<std::string>& ids;
    std::string_view from, to;
    std::uint64_t from_tail, to_tail;
  };
  struct Early {  // a receipt that no message explains so far
    std::vector<std::string> ids;
    std::string from, to;
    std::uint64_t from_tail, to_tail;
    Time at;
    Received receipt() const {
      return {.ids = ids, .from = from, .to = to, .from_tail = from_tail, .to_tail = to_tail};
    }
  };
  // Pairs of several phones: one alone counts for a fifth at most.
  class Pairs {
   public:
    void clear() { of_phone_.clear(), count_ = 0; }
    std::size_t count() const { return count_; }
    // True: as many as are wanted.
    bool add(const std::string& phone, std::size_t wanted);
    void take_back_one() { count_ -= count_ > 0 ? 1 : 0; }

   private:
    std::map<std::string, std::size_t> of_phone_;
    std::size_t count_ = 0;
  };
  using SentPlace = std::list<Sent>::iterator;
  using Explained = std::vector<std::pair<smpp::IdRule, SentPlace>>;

  bool explains(const Received& receipt, News& news);
  Explained explanations(const Received& receipt, bool with_prefix);
  bool explains_by(const smpp::IdRule& rule, const Received& receipt);
  static bool is_of(const Sent& sent, const Received& receipt);
  std::vector<SentPlace> to_phone_of(const Received& receipt);
  void agrees();
  News shows(const smpp::IdRule& rule, const std::string& phone);
  void keep(Sent sent);
  void drop(SentPlace sent);

  const smpp::Dialect dialect_;
  mutable std::mutex mutex_;  // guards what follows
  std::optional<smpp::IdRule> rule_;
  std::optional<smpp::IdRule> shown_;  // by the last pairs, while none is fixed,
  Pairs for_it_;                       // these
  Pairs against_;                      // what contradicts the one that is fixed
  std::size_t agreed_ = 0;             // with it, since one that contradicts it was forgiven
  std::size_t wanted_ = wanted_first;
  std::list<Sent> sent_;                             // oldest first
  std::multimap<std::uint64_t, SentPlace> by_tail_;  // the same, by phone
  std::deque<Early> early_;

  static constexpr std::size_t wanted_first = 20, wanted_max = 320;
};

}  // namespace smsbridge::bridge
