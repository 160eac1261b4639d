// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/simulation/options.hpp"

namespace smsbridge::simulation {

// The clients of a bank who ask for their balances, and their accounts, as Fineract's API shows them. Some numbers end
// as a client's does, and are of another country; some clients have left.
class SimAccounts {
 public:
  explicit SimAccounts(const RunOptions& options);

  // Who is told that a client's accounts are read, with the number that is in the text of the answer: each time
  // another one.
  using Read = std::function<void(std::size_t number, const std::string& phone)>;
  void observe(Read read) { read_ = std::move(read); }
  static constexpr std::size_t first_number = 5500, last_number = 5999;  // between those of events and of reports

  // Behind the API's address; nothing: it is not about them.
  std::optional<std::string> answer(std::string_view path);

  // Phones may ask banks in some runs. By a chance of its own.
  static void draw(RunOptions& options);
  // Of one that may ask, by its place, and whether the bank knows it.
  static std::string phone_of(std::size_t asker);
  static bool is_known(std::size_t asker) { return asker % 4 != 3; }
  static constexpr std::size_t askers = 8;

 private:
  struct Client {
    std::string phone;      // E.164
    std::string shown;      // as the bank wrote it down
    bool is_active = true;  // or has left
  };
  std::string found(std::string_view query) const;
  std::string accounts_of(const Client& client);

  std::map<std::size_t, Client> clients_;  // by id
  Read read_;
  std::size_t next_number_ = first_number;
};

}  // namespace smsbridge::simulation
