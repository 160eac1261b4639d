// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/fineract.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/http_transport.hpp"

namespace smsbridge::bridge {

// What came of a question to Fineract.
struct FineractAnswer {
  enum class End : std::uint8_t {
    answered,     // `body` is what it said
    unreachable,  // no connection, or no whole answer; a repetition may help
    failing,      // 5xx, or too many requests; likewise
    login,        // 401, or no token was given: who we are is not believed
    forbidden,    // 403: the user has not the right
    not_found,    // 404
    refused,      // it understood, and does not do it
    unreadable,   // whoever answered is no API of Fineract
  } end = End::unreachable;
  int status = 0;
  boost::json::value body;
  std::string text;             // of get_text(), instead of `body`
  std::optional<WallMs> clock;  // the time there
  std::string detail;           // for people; not when answered
  bool ok() const { return end == End::answered; }
};

// Asks the API of one Fineract as one user, by Basic or OAuth 2, for one of its tenants. Each question is asked once:
// whether to repeat it, who asks decides. One shard; once it is gone nothing is called any more.
class FineractClient {
 public:
  using Done = std::function<void(FineractAnswer)>;
  // `tenant`: Fineract's identifier.
  FineractClient(FineractSettings settings, std::string tenant, const boost::asio::any_io_executor& executor,
                 const MakeHttpTransport& make_transport, const Clock& clock);
  ~FineractClient();

  // Behind the address of the API, such as "clients/7?fields=id,mobileNo".
  void get(const std::string& path, Done done);
  // Likewise, and the body stays text, in `text`: a report of a hundred thousand rows is read a slice at a time.
  void get_text(const std::string& path, Done done);
  // Without a login: what is beside the API, behind ".../fineract-provider", such as "/actuator/info".
  void get_beside(const std::string& path, Done done);
  // Basic only: whether Fineract knows the user, and which rights he has. Its answer has `permissions`.
  void log_in(Done done);

 private:
  struct Question;
  std::shared_ptr<Question> question_of(const std::string& path, Done done) const;
  void ask(const std::shared_ptr<Question>& question);
  void ask_for_token();
  void took_token(FineractAnswer answer);
  void send(const std::shared_ptr<Question>& question);

  const FineractSettings settings_;
  const std::string tenant_;
  const Clock& clock_;
  std::unique_ptr<HttpTransport> transport_;
  std::string token_;
  Time token_until_{};
  std::vector<std::shared_ptr<Question>> want_token_;  // while it is asked for
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace smsbridge::bridge
