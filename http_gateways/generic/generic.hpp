// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// A provider that is described by its settings alone.
extern const Kind generic;

// The engine behind it. A definition has the members `request`, `response`, `callback`, `inbound`, `encoding` and
// `limits`, and the plain settings of the kind. Of a request:
// - A header, a parameter, a field or a leaf of a JSON tree with a variable that is unset and has no default is left
// out.
// - `query_receipt` and `fields_receipt` are used only when a status callback is wanted; `fields_gsm` and
//   `fields_unicode` when the text fits or does not fit GSM 03.38. Of a JSON body they are members at its top.
// - What is in `auth` is taken as it is, never as a template: a password may hold braces.
// Callbacks that have a status are status callbacks, others that have a sender are inbound messages. Where
// `callback.auth` is not given, nothing is checked.
// Providers that a definition nearly describes derive from it and add what it cannot say.
class Generic : public Provider {
 public:
  // Compiles and checks the whole definition; throws BadSettings with the path of the mistake.
  explicit Generic(const boost::json::object& definition);
  ~Generic() override;

  Request build(const OutboundSms& sms, std::int64_t now_s) override;
  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override;
  CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const override;
  bool reports_delivery() const override;
  Limits limits() const override;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

// A callback URL from the settings of an account, with our reference in its query unless it has one.
std::string with_reference(std::string url, std::string_view reference);

}  // namespace smsbridge::http_gateways
