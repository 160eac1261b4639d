// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What an HTTP provider is to the bridge: requests to make, replies and callbacks to read. No sockets, no clock: the
// time comes in, requests and facts go out. What a fact means for a message is decided in bridge/delivery.
namespace smsbridge::http_gateways {

// Names as they came; find_header() compares them without case.
using Headers = std::vector<std::pair<std::string, std::string>>;

// A message as a provider needs it.
struct OutboundSms {
  std::string
      reference;         // our id for this attempt, [A-Za-z0-9._~-]: comes back in callbacks where a provider allows it
  std::string to;        // E.164 with '+'
  std::string from;      // empty: the account's own sender
  std::string text;      // UTF-8
  bool unicode = false;  // does not fit GSM 03.38
  int parts = 1;
  std::int64_t validity_s = 0;  // how long the provider may try; 0: its default
  std::string callback_url;     // where status callbacks go, with the reference in its query; empty: none wanted
};

struct Request {
  std::string method = "POST";
  std::string url;
  Headers headers;
  std::string body;
};

struct Reply {
  int status = 0;
  Headers headers;
  std::string body;
};

// Why a provider refused, or why a phone did not get it. The classes of all providers, one vocabulary.
enum class ErrorClass : std::uint8_t {
  none,
  auth,             // credentials wrong, missing, not allowed
  account,          // suspended, barred, demo only
  balance,          // out of credit or quota
  sender,           // sender id not valid, registered or owned
  route,            // no route, region or operator for this destination
  config,           // callback URL, feature off, unknown path
  invalid_request,  // malformed for this provider
  destination,      // number invalid, unallocated, landline
  blocked,          // recipient opted out or is barred
  content,          // text refused
  throttled,        // rate or queue limit
  temporary,        // transient fault of provider, network or handset
  duplicate,        // the provider holds this idempotency key already: it was accepted
  expired,          // validity ran out
  unknown,
};

enum class Retry : std::uint8_t {
  none,          // accepted
  never,         // no provider should try
  failover,      // not here again without an operator; another provider may
  backoff,       // here after a delay, or elsewhere
  verify_first,  // look it up, or resend under the same idempotency key; never blindly
};

enum class Outcome : std::uint8_t {
  accepted,   // the provider took responsibility
  rejected,   // surely not sent
  uncertain,  // cannot be told: perhaps sent
};

enum class Status : std::uint8_t { accepted, sent, delivered, undelivered, expired, rejected, unknown };

// What a reply to a send request says.
struct Verdict {
  Outcome outcome = Outcome::uncertain;
  Status status = Status::accepted;               // of an accepted message: some are handed on at once
  std::vector<std::string> provider_message_ids;  // one, or one a part; empty: the provider gives none
  ErrorClass error_class = ErrorClass::none;
  Retry retry = Retry::verify_first;
  std::string provider_code;  // the provider's own; its HTTP status where it has none
  std::string detail;         // for people; never holds text or number of the message
  std::optional<std::int64_t> retry_after_ms;
  std::optional<int> parts;
  std::string price, currency;  // decimal text, empty: not told
  bool duplicate = false;       // accepted by an earlier request under the same key
  // The class holds for this recipient only, others may pass: an account that may not send to this number (auth,
  // account, balance, config), or one that sent to it too often (throttled). Never a reason to stop the gateway: a
  // throttled number waits by itself, everything else goes on at its rate.
  bool one_number = false;
  int failed_parts = 0;  // of an accepted message: parts that the provider refused
};

Verdict accepted(std::vector<std::string> provider_message_ids = {});
// Rejected, with the class's default way to go on.
Verdict rejected(ErrorClass error_class, std::string provider_code, std::string detail = {});
Verdict uncertain(std::string provider_code, std::string detail = {});
// By HTTP status alone, where a provider's contract says nothing better. Honours Retry-After of 429 and 503.
Verdict by_http_status(const Reply& reply, std::int64_t now_s);
Retry default_retry(ErrorClass error_class);

// What a callback or a poll says of one message, or of one part of it.
struct StatusUpdate {
  std::string provider_message_id;  // empty: only `reference` identifies it
  std::string reference;            // ours, empty: not given
  Status status = Status::unknown;
  bool final_status = false;
  std::string error_code;  // empty: none
  ErrorClass error_class = ErrorClass::none;
  std::optional<int> parts;
  std::string price, currency;
};

// A message that a phone sent to us.
struct InboundSms {
  std::string provider_message_id, from, to, text;
  bool opt_out = false;
  // Of a long message that arrives in pieces.
  std::string part_reference;
  int part_number = 0, part_total = 0;
};

// A request that a provider (or somebody who pretends to be one) made to us.
struct CallbackRequest {
  std::string method;
  std::string url;  // the full public URL as the provider called it: signatures cover it
  Headers headers;
  std::string body;  // raw
};

struct CallbackAnswer {
  int status = 200;
  std::string content_type = "text/plain";
  std::string body;
};

// A phone that polls us wants its messages.
enum class Fetch : std::uint8_t {
  none,
  unreported,  // and never tells what became of them
  reported,    // and tells later whether it sent them
};

// A callback of which nothing could be used, for whoever looks for lost receipts.
struct UnreadCallback {
  std::string content_type;
  std::size_t size = 0;     // of the body, in octets
  std::string field_names;  // "id, st"; never values
};

struct CallbackResult {
  bool authentic = true;  // false: nothing of it may be believed, and `answer` refuses it
  std::string refusal;    // why, for the log
  std::vector<StatusUpdate> updates;
  std::vector<InboundSms> inbound;
  Fetch fetch = Fetch::none;
  bool understood = false;               // holds nothing that we keep, and is meant so: a ping, a missed call
  std::optional<UnreadCallback> unread;  // authentic, neither understood nor of any use
  CallbackAnswer answer;                 // given after everything above is stored; to a fetch, the one without messages
};

CallbackResult not_authentic(std::string why, int http_status = 403);

struct PollResult {
  std::vector<StatusUpdate> updates;
  ErrorClass error_class = ErrorClass::none;
};

struct Balance {
  std::string amount, currency;  // decimal text
  std::string message_quota;     // where the provider counts messages instead; "unlimited"
  ErrorClass error_class = ErrorClass::none;
};

// How much the provider takes; 0: not told. Kept by whoever sends.
struct Limits {
  double rate_per_s = 0;
  std::size_t max_in_flight = 0, max_parts = 0;
};

// One account with one provider. Lives on one shard; holds only what follows from its settings (compiled templates, a
// token that is good for some minutes). `now_s`: seconds since 1970 UTC.
class Provider {
 public:
  virtual ~Provider() = default;

  virtual Request build(const OutboundSms& sms, std::int64_t now_s) = 0;
  Verdict read(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const;

  // A status callback or an inbound message. Never throws: what cannot be read is answered so that it is not repeated
  // for ever.
  CallbackResult receive(const CallbackRequest& request, std::int64_t now_s) const;

  // How often a phone fetches its messages, about; 0: messages are not fetched but sent, by build() and read().
  virtual std::int64_t fetch_interval_s() const { return 0; }
  bool fetched() const { return fetch_interval_s() > 0; }
  // The answer to a request that receive() called a fetch.
  virtual CallbackAnswer hand_out(const CallbackRequest& request, const std::vector<OutboundSms>& messages) const;

  // Asking for the status of one message; nothing: the provider cannot be asked.
  virtual std::optional<Request> build_poll(const std::string& provider_message_id, std::int64_t now_s);
  PollResult read_poll(const Reply& reply) const;
  virtual std::optional<Request> build_balance(std::int64_t now_s);
  virtual Balance read_balance(const Reply& reply) const;

  // A send may be repeated under the same reference without a second SMS.
  virtual bool idempotent() const { return false; }
  // Status callbacks say more than "taken": a receipt can be waited for.
  virtual bool reports_delivery() const { return true; }
  // The setting without which callbacks cannot be believed, so that no receipt can be waited for; empty: nothing lacks.
  virtual std::string_view receipts_need() const { return {}; }
  virtual Limits limits() const { return {}; }

 protected:
  // What each kind reads by itself. A reply's body is valid UTF-8 then; a callback is as it came, because signatures
  // cover its octets. Ids, codes and texts that these return are made printable and bounded by their callers above.
  virtual Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const = 0;
  virtual CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const = 0;
  virtual PollResult read_status(const Reply& reply) const;
};

// A setting of an account, for configuration, help and error texts.
struct Setting {
  std::string_view name;
  bool required = false;
  bool secret = false;
  bool address = false;  // decides where requests go, and so the secrets in them, or where the provider reports to
  bool lines = false;    // may have several lines; all others are written into URLs and headers
  std::string_view help;
};

// A kind of provider: what the configuration calls `kind`.
struct Kind {
  std::string_view name;
  std::string_view help;
  std::vector<Setting> settings;
  // `settings` are checked against the list above already. Throws BadSettings.
  std::unique_ptr<Provider> (*make)(const boost::json::object& settings);
};

// What is wrong with an account's settings; the text is for the person who wrote them.
struct BadSettings : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// All kinds, in the order of the documentation.
const std::vector<Kind>& kinds();
const Kind* find_kind(std::string_view name);
// Checks names and required settings, then makes the account. Throws BadSettings.
std::unique_ptr<Provider> make_provider(const Kind& kind, const boost::json::object& settings);

std::string_view name(ErrorClass error_class);
std::string_view name(Retry retry);
std::string_view name(Outcome outcome);
std::string_view name(Status status);
std::optional<ErrorClass> parse_error_class(std::string_view text);
std::optional<Retry> parse_retry(std::string_view text);
std::optional<Status> parse_status(std::string_view text);

}  // namespace smsbridge::http_gateways
