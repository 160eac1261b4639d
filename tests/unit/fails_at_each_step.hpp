// SPDX-License-Identifier: MPL-2.0
// Runs a conversation again and again, failing at its first step, its second, and so on, until it comes through.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace smsbridge {

// The script asks it once at each step, and fails when it says so.
class Fault {
 public:
  explicit Fault(int step) : step_(step) {}
  bool now() { return ++asked_ == step_; }
  bool was_reached() const { return asked_ >= step_; }

 private:
  int step_;
  int asked_ = 0;
};

// The script says what must hold whatever failed. Returns how many steps it has.
template <class Script>
int fails_at_each_step(Script script) {
  constexpr int steps_max = 1000;  // a script that never comes through is a fault as well
  for (int step = 1; step <= steps_max; ++step) {
    SCOPED_TRACE("failing at step " + std::to_string(step));
    Fault fault(step);
    script(fault);
    if (!fault.was_reached()) return step - 1;
    if (testing::Test::HasFatalFailure()) return step;
  }
  ADD_FAILURE() << "it never came through";
  return steps_max;
}

}  // namespace smsbridge
