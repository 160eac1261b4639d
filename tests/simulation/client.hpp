// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "store/message.hpp"
#include "tests/simulation/http_client.hpp"
#include "tests/simulation/promises.hpp"

namespace smsbridge::simulation {

// What a client wants sent; it asks until it gets an answer.
struct Wish {
  Promises::Wanted wanted;
  std::size_t tenant = 0;              // place in the configuration, as all others
  std::optional<std::size_t> gateway;  // that it names
  bool by_route = false;               // it names the route
  bool by_fineract = false, may_repeat = false, replaced = false, asked = false;
  std::string to, text;
  store::Lane lane{};  // of the API; Fineract has no word for these three
  store::WallMs send_at = 0, validity_ms = 0;
  int tries = 0;
  std::optional<store::MessageId> id;
};

// The request of a client of the API, which shows this key, or of Fineract.
HttpClient::Request request_of(const Wish& wish, const RunOptions& options, const std::string& key);

// A client of the API wants a message "cancel"led, or sent again: "retry".
HttpClient::Request control_request(store::MessageId id, std::string_view action, const std::string& key);

// What an answer tells him, or none.
struct Told {
  enum class Kind : std::uint8_t {
    accepted,
    conflict,  // the reference was used for something else
    refused,
    later,    // nothing was accepted, and it may ask again
    perhaps,  // it may ask again, and only its reference keeps the bridge from sending twice
  } kind = Kind::perhaps;
  std::optional<store::MessageId> id;  // Fineract is told neither
  std::optional<bool> replayed;
};
Told told_by(const std::optional<HttpClient::Response>& response);

}  // namespace smsbridge::simulation
