// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <optional>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// What an account with a carrier or provider takes, found out by trying: how fast, and how much at once. All gateways
// and sessions of the account share it.
//
// Rate: a token bucket, and not a count per calendar second, which would allow double speed across the boundary. It
// begins without a limit of its own. "Too fast" and "queue full" bring it a little below what was taken in the last
// second, further down when that was not enough; then it feels its way up, slowly near the rate that was too fast and
// ever faster beyond, so that a contract is used up to a few per cent, and a new one is found within seconds.
//
// Window: it grows while all of it is used and answers come as soon as ever, and shrinks when they take longer: then
// the carrier only queues what we send.
//
// A carrier that allows so many unanswered submits refuses with the same words as one that counts seconds, and what
// helps there wastes a third here. Each explanation predicts something. Where the number of unanswered ones is at
// fault, nothing is taken with clearly more of them than the refused one had before it; so many at once are, by how
// long answers take, at least as fast as what was taken. Such a refusal caps the window at that number and lowers no
// rate; where it was one of a rate after all, the next ones soon fit no more. The cap is tried every few seconds by one
// more, and by ever more as long as nothing is refused.
//
// Any thread: gateways of one account may live on several shards.
class Pace {
 public:
  struct Bounds {
    double rate = 0;         // parts a second, 0: none
    std::size_t window = 1;  // of each session
    bool operator==(const Bounds&) const = default;
  };
  // What it has learnt, to go on with after a restart. 0: nothing.
  struct Learnt {
    double rate = 0;
    std::size_t window = 0;
  };
  static constexpr unsigned near_congestion = 90, congestion = 100;
  explicit Pace(Bounds bounds) : Pace(bounds, Learnt{}) {}
  Pace(Bounds bounds, Learnt learnt)
      : bounds_(bounds),
        rate_(learnt.rate > 0 ? within(learnt.rate * a_little_below) : bounds.rate),
        known_(learnt.rate) {
    slowed_ = learnt.rate > 0 && (bounds.rate <= 0 || rate_ < bounds.rate);
    const auto window = learnt.window ? learnt.window : window_first;
    window_ = static_cast<double>(std::clamp<std::size_t>(window, 1, bounds.window));
  }

  // Another gateway of the account came: the narrower rate and the wider window hold for all.
  void share(Bounds bounds) {
    const std::lock_guard lock(mutex_);
    if (bounds.rate > 0) bounds_.rate = bounds_.rate > 0 ? std::min(bounds_.rate, bounds.rate) : bounds.rate;
    if (rate_ <= 0) rate_ = bounds_.rate;
    rate_ = within(rate_);
    bounds_.window = std::max(bounds_.window, bounds.window);
  }

  // Takes one token, or says from when on it is worth asking again.
  std::optional<Time> take(Time now) {
    const std::lock_guard lock(mutex_);
    recover(now);
    if (now < paused_until_) return paused_until_;
    if (rate_ <= 0 && began_ == Time{}) began_ = now;
    const double rate = rate_ > 0 ? rate_ : spread();
    if (rate <= 0) return std::nullopt;
    const double burst = 1.0 + rate * burst_seconds;
    tokens_ = std::min(burst, tokens_ + rate * seconds(now - refilled_at_));
    refilled_at_ = now;
    if (tokens_ < 1.0)
      return now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>((1.0 - tokens_) / rate)) +
             std::chrono::milliseconds(1);
    tokens_ -= 1.0;
    return std::nullopt;
  }

  // Something waits, and nothing more may be under way.
  void is_full() {
    const std::lock_guard lock(mutex_);
    full_ = true;
  }

  // What had no answer when a part left, over all sessions.
  struct Before {
    std::size_t unanswered = 0, sessions = 1;
  };
  // The peer took a part, or refused it for its own sake, after `took`.
  void answered(Time now, Duration took, Before before) {
    const std::lock_guard lock(mutex_);
    taken_.count(now);
    taken_with_.see(now, before.unanswered);
    repeated_ = 0;
    see_round_trip(now, took);
  }

  // The carrier said "too fast" or "queue full" of what left at `submitted_at`. Nothing goes out for the pause that it
  // asks for; 0: for a moment, the longer the oftener it says so. What left before the last time says nothing new.
  void throttled(Time now, Time submitted_at, Duration pause, Before before) {
    const std::lock_guard lock(mutex_);
    if (pause == Duration::zero()) {
      if (caps_window(now, submitted_at, before)) return;
      pause = pause_first * (1 << std::min(repeated_, pause_doublings));
    }
    paused_until_ = std::max(paused_until_, now + pause);
    if (slowed_ && submitted_at <= throttled_at_) return;
    ++repeated_;
    // What a carrier counts is a second that is still full.
    if (slowed_ && now - throttled_at_ < full_second) {
      paused_until_ = std::max(paused_until_, throttled_at_ + full_second);
      return;
    }
    const bool again = slowed_ && now - throttled_at_ < soon;
    const double taken = std::max(rate_ > 0 ? taken_.last_second(now) : taken_.running(now), rate_min);
    // Less than a second shows little of a rate. And one that was filled without any limit has to pass.
    guessed_ = rate_ <= 0 && now - began_ < full_second;
    if (rate_ <= 0) paused_until_ = std::max(paused_until_, now + full_second);
    known_ = rate_ > 0 ? std::clamp(taken, rate_ * (again ? 0.25 : 0.75), rate_) : taken;
    rate_ = within(std::max(rate_min, known_ * (again ? further_down : a_little_below)));
    window_ = std::max(1.0, window_ * (again ? further_down : 1.0));
    slowed_ = true;
    throttled_at_ = grown_at_ = now;
    tokens_ = 0;
    refilled_at_ = now;
  }

  // How busy a centre of SMPP 5.0 says that it is, 0 to 100 (section 4.8.4.18): near congestion, each second takes a
  // tenth of the rate; congested, nothing goes out for a second. Many answers of one second say it once.
  void congested(Time now, unsigned state) {
    const std::lock_guard lock(mutex_);
    if (state < near_congestion) return;
    if (state >= congestion) paused_until_ = std::max(paused_until_, now + full_second);
    if (congested_at_ != Time{} && now - congested_at_ < full_second) return;
    recover(now);
    // Without a limit: of what went in the last second. Where that was next to nothing, others are the cause.
    if (rate_ <= 0 && taken_.running(now) < congestion_taken_min) return;
    known_ = std::max(rate_ > 0 ? rate_ : taken_.running(now), rate_min);
    rate_ = within(std::max(rate_min, known_ * (1 - congestion_step)));
    slowed_ = true;
    guessed_ = false;
    congested_at_ = throttled_at_ = grown_at_ = now;
  }

  // Parts a second, 0: unlimited.
  double rate() const {
    const std::lock_guard lock(mutex_);
    return rate_;
  }
  // Of each session.
  std::size_t window() const {
    const std::lock_guard lock(mutex_);
    return window_now();
  }
  Learnt learnt() const {
    const std::lock_guard lock(mutex_);
    return {.rate = slowed_ ? known_ : 0, .window = window_now()};
  }
  // Whether it sends less than it may.
  bool is_throttled(Time now) {
    const std::lock_guard lock(mutex_);
    recover(now);
    return now < paused_until_ || slowed_;
  }
  // Whether what goes out may come back: also under a cap, and for a while after it.
  bool may_throw_back(Time now) {
    const std::lock_guard lock(mutex_);
    recover(now);
    return now < paused_until_ || slowed_ || (capped_at_ != Time{} && now - capped_at_ < forget);
  }

 private:
  static constexpr double rate_min = 1, a_little_below = 0.98, further_down = 0.95;
  static constexpr double burst_seconds = 0.02;
  static constexpr double congestion_step = 0.1, congestion_taken_min = 10;
  static constexpr Duration pause_first = std::chrono::milliseconds(50);
  static constexpr int pause_doublings = 4;
  static constexpr Duration full_second = std::chrono::seconds(1), soon = std::chrono::seconds(3);
  static constexpr Duration hold = std::chrono::seconds(2);
  static constexpr Duration forget = std::chrono::seconds(60);  // without a limit of our own
  static constexpr double climb = 0.5, probe_first = 0.005, probe_most = 0.3,
                          probe_guess = 0.7;  // a second: of what is missing, of the rate
  static constexpr std::size_t window_first = 10;
  static constexpr Duration quick = std::chrono::milliseconds(20);  // so soon nobody queues
  static constexpr double much_longer = 2.0;
  // Of the cap of the window.
  static constexpr double by_chance = 0.1, same_event = 0.9, as_fast = 0.99, little_more = 1.02, probed_beyond = 1.3,
                          cap_probe_first = 0.02;
  static constexpr Duration for_the_rate = std::chrono::seconds(20);
  static constexpr Duration cap_hold = std::chrono::seconds(2);

  // How many in a second, by tenths of it.
  class Tally {
   public:
    static constexpr Duration step = std::chrono::milliseconds(100);
    void count(Time now) {
      advance(now);
      ++steps_[at(step_)];
    }
    // The last ten tenths that are over; and with the one that runs.
    double last_second(Time now) {
      advance(now);
      return std::accumulate(steps_.begin(), steps_.end(), 0.0) - steps_[at(step_)];
    }
    double running(Time now) { return last_second(now) + steps_[at(step_)]; }

   private:
    static std::size_t at(std::int64_t step) { return static_cast<std::size_t>(step) % std::tuple_size_v<Steps>; }
    void advance(Time now) {
      const auto current = now.time_since_epoch() / step;
      if (current - step_ >= static_cast<std::int64_t>(steps_.size())) steps_.fill(0), step_ = current;
      while (step_ < current) steps_[at(++step_)] = 0;
    }
    using Steps = std::array<std::uint32_t, 11>;
    Steps steps_{};
    std::int64_t step_ = 0;
  };

  // With how many unanswered before them parts were taken: in this span of time and the one before it, in steps of an
  // eighth.
  class Taken {
   public:
    void see(Time now, std::size_t before) {
      const auto current = now.time_since_epoch() / span;
      if (current != span_) {
        earlier_ = current == span_ + 1 ? steps_ : Steps{};
        steps_ = {};
        span_ = current;
      }
      ++steps_[step_of(before)];
    }
    // The share of those that had clearly more.
    double with_more_than(std::size_t before) const {
      double all = 0, more = 0;
      for (std::size_t step = 0; step < steps_.size(); ++step) {
        const double here = steps_[step] + earlier_[step];
        all += here;
        if (step > step_of(before) + 1) more += here;
      }
      return all > 0 ? more / all : 0;
    }

   private:
    static constexpr Duration span = std::chrono::seconds(5);
    using Steps = std::array<std::uint32_t, 96>;
    static std::size_t step_of(std::size_t before) {
      constexpr double of_a_doubling = 6;
      const auto step = of_a_doubling * std::log2(static_cast<double>(before + 1));
      return std::min(static_cast<std::size_t>(step), std::tuple_size_v<Steps> - 1);
    }
    std::int64_t span_ = 0;
    Steps steps_{}, earlier_{};
  };

  static double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
  std::size_t window_now() const { return static_cast<std::size_t>(window_); }
  double within(double rate) const { return bounds_.rate > 0 ? std::min(rate, bounds_.rate) : rate; }

  // Whether a refusal is one of so many unanswered: then the window has them as its cap from now on.
  bool caps_window(Time now, Time submitted_at, Before before) {
    if (slowed_ && submitted_at <= throttled_at_) return false;
    const auto all = static_cast<double>(before.unanswered);
    const double many = all / static_cast<double>(before.sessions);
    if (capped_at_ != Time{} && submitted_at <= capped_at_) {
      if (many < cap_ && many >= same_event * cap_) set_cap(many);
      return true;
    }
    const bool may_be = many >= 1 && now >= rate_until_ && taken_with_.with_more_than(before.unanswered) <= by_chance &&
                        all >= as_fast * taken_.last_second(now) * seconds(quickest_);
    if (!may_be) {
      if (cap_ > 0) rate_until_ = now + for_the_rate;
      cap_ = 0;
      capped_at_ = {};
      return false;
    }
    set_cap(many);
    sessions_ = static_cast<double>(before.sessions);
    capped_at_ = raised_at_ = now;
    return true;
  }
  // Under a cap no more leaves at once than it takes: what a carrier's bucket refused of a burst is a rate's, too.
  double spread() const {
    return cap_ > 0 && round_trip_ > quick ? little_more * cap_ * sessions_ / seconds(round_trip_) : 0;
  }
  void set_cap(double cap) {
    cap_ = cap;
    window_ = std::min(window_, cap_);
  }
  // A carrier may have come to allow more.
  void raise_cap(Time now) {
    if (cap_ <= 0 || now - capped_at_ < cap_hold || now - raised_at_ < full_second) return;
    raised_at_ = now;
    cap_ +=
        std::max(1.0, cap_ * std::min(probe_most, cap_probe_first * std::exp2(seconds(now - capped_at_ - cap_hold))));
    if (cap_ >= static_cast<double>(bounds_.window)) cap_ = 0;
  }

  void recover(Time now) {
    raise_cap(now);
    if (!slowed_) return;
    if (throttled_at_ == Time{}) throttled_at_ = grown_at_ = probing_since_ = now;  // in the life of before
    if (bounds_.rate <= 0 && now - throttled_at_ > forget) {
      rate_ = 0;
      slowed_ = false;
      began_ = {};
      return;
    }
    if (now - throttled_at_ < hold) return;
    const auto from = std::max(grown_at_, throttled_at_ + hold);
    if (now - from < Tally::step) return;
    const double time = seconds(now - from);
    grown_at_ = now;
    if (guessed_) {
      rate_ += std::max(1.0, rate_ * probe_guess) * time;
    } else if (rate_ < known_ * a_little_below) {
      rate_ += std::min(known_ - rate_, std::max(0.5, (known_ - rate_) * climb) * time);
      probing_since_ = now;
    } else {
      const double growth =
          std::min(probe_most, probe_first * std::exp2(seconds(now - std::max(probing_since_, throttled_at_ + hold))));
      rate_ += std::max(0.2, rate_ * growth) * time;
    }
    // Where the window holds back, the rate stays near what is taken: it may be needed again.
    if (cap_ > 0) rate_ = std::min(rate_, std::max(known_, probed_beyond * taken_.last_second(now)));
    if (bounds_.rate > 0 && rate_ >= bounds_.rate) {
      rate_ = bounds_.rate;
      slowed_ = false;
    }
  }

  // Once a round trip's worth of answers: how long they took, beside the quickest of late.
  void see_round_trip(Time now, Duration took) {
    total_ += took;
    if (++samples_ < window_now()) return;
    const Duration mean = total_ / samples_;
    round_trip_ = mean;
    if (quickest_ == Duration::zero() || mean < quickest_)
      quickest_ = mean;
    else
      quickest_ += (mean - quickest_) / 100;  // a path that has become longer for good
    const double longer = mean <= quick ? 1.0 : seconds(mean) / seconds(std::max(quickest_, quick));
    if (longer > much_longer)
      window_ = std::max(1.0, window_ * std::max(0.5, much_longer / longer));
    else if (full_ && now >= paused_until_)
      window_ = std::min(cap_ > 0 ? cap_ : static_cast<double>(bounds_.window),
                         window_ + std::max(4.0, slowed_ ? 0.0 : window_ / 2));
    full_ = false;
    samples_ = 0;
    total_ = {};
  }

  mutable std::mutex mutex_;
  Bounds bounds_;
  double rate_, known_;  // now; and what was too fast
  double tokens_ = 1.0;
  Time refilled_at_{}, paused_until_{}, throttled_at_{}, grown_at_{}, probing_since_{};
  Time began_{};          // to send without a limit
  Time congested_at_{};   // when the rate was brought down for it
  bool guessed_ = false;  // what was too fast
  bool slowed_ = false;   // below the bound, since throttled_at_
  int repeated_ = 0;      // times in a row, without an answer that is good
  Tally taken_;
  double window_ = 1;
  Duration quickest_{}, total_{};
  std::size_t samples_ = 0;
  bool full_ = false;
  Duration round_trip_{};  // the last one
  Taken taken_with_;
  double cap_ = 0;       // of the window, by refusals; 0: there is none
  double sessions_ = 1;  // when it was set
  Time capped_at_{}, raised_at_{};
  Time rate_until_{};  // a cap was a mistake: refusals are taken for those of a rate
};

}  // namespace smsbridge::bridge
