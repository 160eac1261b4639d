// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/generic/definition.hpp"
#include "http_gateways/generic/response.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// The `callback` and `inbound` of a definition, compiled: who may call, what a call says, how it is answered.
class CallbackReader {
 public:
  CallbackReader() = default;
  CallbackReader(const std::optional<Node>& callback, const std::optional<Node>& inbound);

  CallbackResult read(const CallbackRequest& request) const;
  bool reads_status() const;

 private:
  enum class AuthType : std::uint8_t { none, query_token, header_token, basic, hmac };
  struct Auth {
    AuthType type = AuthType::none;
    std::string name;  // of the parameter or header; empty: tok or token
    std::string secret;
    std::string prefix;
    Hash hash = Hash::sha256;
    bool in_base64 = false;
    std::vector<std::string> parts;  // body, url or header:NAME
  };
  struct StatusMap {
    bool case_sensitive = false;
    std::map<std::string, Status, std::less<>> exact;
    std::vector<std::pair<std::string, Status>> prefixes;
    Status otherwise = Status::unknown;

    std::string key(std::string_view word) const;
    Status find(std::string_view word) const;
  };
  using Extractors = std::vector<std::pair<std::string, Extractor>>;

  static Auth compile_auth(const Node& node);
  static Extractors extractors(const Node& node, std::initializer_list<std::string_view> names);
  static std::string take(const Extractors& from, std::string_view name, const Message& message);
  static std::string take_word(const Extractors& from, std::string_view name, const Message& message);  // trimmed
  std::string refusal(const CallbackRequest& request, const Fields& query) const;
  std::optional<StatusUpdate> update_of(const Message& message) const;
  void read_one(const Message& message, CallbackResult& result) const;

  Auth auth_;
  std::optional<ListExtractor> list_;
  Extractors status_, inbound_;
  StatusMap statuses_;
  CallbackAnswer status_answer_, inbound_answer_;
};

// "000" and the like: a provider's way to say that there was no error.
bool is_no_error(std::string_view error_code);

}  // namespace smsbridge::http_gateways
