// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <memory>
#include <string>

#include "bridge/env/log_throttle.hpp"
#include "bridge/env/random.hpp"
#include "bridge/events/fineract_client.hpp"
#include "bridge/routing/router.hpp"

namespace smsbridge::bridge {

// The Fineract of each tenant, as the routing table has it. One that does not answer is left alone for a while, so that
// it is not held up when it comes back: whoever asks meanwhile is told so at once. One shard.
class Fineracts {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    Random& random;
    const Router& router;
    MakeHttpTransport make_transport;
  };
  using Done = FineractClient::Done;

  explicit Fineracts(Context context) : context_(std::move(context)) {}
  ~Fineracts() { *alive_ = false; }

  // As FineractClient::get(). An answer may have been given to somebody else up to `age` ago. `done` is never called
  // inside. Of a tenant that has none, End::refused.
  void get(const std::string& tenant, const std::string& path, Duration age, Done done);

 private:
  struct Kept {
    FineractAnswer answer;
    Time at{};
  };
  struct One {
    FineractSettings settings;
    std::unique_ptr<FineractClient> client;
    std::map<std::string, Kept, std::less<>> answers;
    std::size_t failures = 0;
    Time again_at{};
    std::string why;
    bool probing = false;  // one question shows whether it is back
  };
  std::shared_ptr<One> one_of(const std::string& tenant);
  void answered(const std::string& tenant, One& one, const std::string& path, const FineractAnswer& answer, bool keep);
  void tell(Done done, FineractAnswer answer) const;

  const Context context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<std::string, std::shared_ptr<One>, std::less<>> ones_;
  log::Throttle said_;
};

}  // namespace smsbridge::bridge
