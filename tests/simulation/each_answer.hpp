// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "store/store.hpp"
#include "tests/simulation/options.hpp"

namespace smsbridge::simulation {

// Of what phones ask their bank: whether each question is answered once, and only to whom the bank knows.
class EachAnswer {
 public:
  explicit EachAnswer(const RunOptions& options) : options_(options) {}

  // A phone asks. What it says is kept once, as `inbound` promises.
  void asks(store::TenantId tenant, const std::string& phone, bool is_known);
  // The bank told of the account with this number, which is a client's with this phone; empty: nobody's.
  void read(std::size_t number, const std::string& phone) { phone_of_number_[number] = phone; }

  // What is wrong with an answer; nothing: nothing.
  std::optional<std::string> see(const store::Message& message, std::optional<std::size_t> number);
  std::string owes() const;  // as far as was seen; empty: nothing
  std::optional<std::string> wrong_at_end() const;

 private:
  struct Asker {
    bool is_known = false;
    std::size_t questions = 0;
    std::set<store::MessageId> answers;
  };
  std::size_t least(const Asker& asker) const;

  const RunOptions& options_;
  std::map<std::pair<store::TenantId, std::string>, Asker> askers_;
  std::map<std::size_t, std::string> phone_of_number_;
};

}  // namespace smsbridge::simulation
