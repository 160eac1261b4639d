// SPDX-License-Identifier: MPL-2.0
// The listener that an unmodified Fineract talks to. It never repeats a refused POST, so whatever is authenticated is
// kept: a bad entry is stored as failed rather than refused with its whole batch.
#include "bridge/doors/fineract.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "bridge/doors/fineract_answers.hpp"
#include "bridge/doors/fineract_body.hpp"
#include "bridge/doors/fineract_bridges.hpp"
#include "bridge/env/log.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/intake/submission.hpp"
#include "bridge/text/entities.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t entries_max = store::batch_items_max;
constexpr std::size_t asked_ids_max = 10000;
constexpr std::size_t text_length_max = 60000;  // what the store keeps of a text; a carrier takes 255 parts of it

// Numbers in Fineract's table SmsMessageStatusType.
enum FineractStatus { pending = 100, waiting = 150, sent = 200, delivered = 300, failed = 400 };

FineractStatus status_of(const store::Message& message) {
  switch (message.progress.state) {
    case store::State::queued:
      return message.progress.maybe_duplicate ? waiting : pending;
    case store::State::submitted:
    case store::State::doubtful:
      return waiting;
    case store::State::delivered:
      return delivered;
    case store::State::sent:
    case store::State::unknown:
      return sent;
    case store::State::undeliverable:
    case store::State::failed:
    case store::State::cancelled:
    case store::State::expired:
    case store::State::rejected:
      return failed;
  }
  return failed;
}

// What Fineract posts is kept also when it cannot be sent: it reads the reason in its report.
Prepared read_entry(const json::value& value, const Tenant& tenant, Services& services) {
  Submission s{.source = store::Source::fineract};
  std::string provider, unreadable;
  if (const auto* entry = value.if_object()) {
    s.client_ref = client_ref_of(entry->if_contains("internalId"));
    s.to = scalar_text(entry->if_contains("mobileNumber"));
    s.text = string_of(*entry, "message");
    provider = scalar_text(entry->if_contains("providerId"));
  } else {
    unreadable = "the entry is not an object";
  }
  s.lane = tenant.config.fineract_lane;
  s.triggered_by = "fineract";
  s.digest = digest_of_post(s.to, s.text);  // as Fineract has it: it posts the same again
  if (!provider.empty()) {
    std::tie(s.gateway, s.route) = services.directory.table()->provider(provider, tenant.config.name);
    if (!s.gateway && !s.route)
      unreadable =
          "there is no gateway or route with the id " + std::string(text::cut_utf8(provider, 20)) + " (providerId)";
  }
  if (tenant.config.html_entities) s.text = text::with_plain_blanks(text::decode_html_entities(s.text));
  s.text = text::cut_utf8(s.text, text_length_max);
  auto prepared = services.intake.prepare_to_send(std::move(s), tenant);
  auto& enqueue = prepared.enqueue;
  enqueue.replace_on_conflict = true;
  enqueue.failed_because = !unreadable.empty() ? unreadable
                           : prepared.refusal  ? prepared.refusal->detail
                                               : std::string();
  prepared.refusal.reset();
  return prepared;
}

void post_sms(Services& services, Noticed& noticed, const HttpRequest& request, Respond respond) {
  const auto* tenant = admit_fineract(services, noticed, request, respond);
  if (!tenant) return;
  json::monotonic_resource arena(request.body().size() + 1024);
  json::error_code ec;
  const auto body = parse_body(request.body(), &arena, ec);
  const auto* entries = ec ? nullptr : body.if_array();
  if (!entries || entries->size() > entries_max) {
    tenant->metrics.rejected[metrics::RejectReason::malformed_json]->Increment();
    const auto why = entries ? "The array has more than " + std::to_string(entries_max) + " entries"
                             : "The body must be a JSON array of messages" + (ec ? ": " + ec.message() : std::string());
    note_refused(noticed, services.clock.now(), 400, tenant->config.name, why, request.path);
    return respond(fineract_error(http::status::bad_request, "error.msg.invalid.request.body", why));
  }
  std::vector<Prepared> wishes;
  wishes.reserve(entries->size());
  for (const auto& entry : *entries) wishes.push_back(read_entry(entry, *tenant, services));
  if (!tenant->config.enabled && !wishes.empty())
    if (const auto count = noticed.suspended.due(tenant->config.name, services.clock.now(), wishes.size()))
      log::warn("fineract", "a suspended tenant's Fineract posts messages: they are kept as failed, and can be retried",
                "tenant", tenant->config.name, "times", count);
  // Fineract does not post a batch again that was refused, and waits without a limit: where the writer is behind, the
  // answer waits with it.
  services.intake.accept(*tenant, std::move(wishes), Intake::WhenBusy::wait, request.executor,
                         [respond = std::move(respond)](const auto& accepted) {
                           if (!accepted) return respond(fineract_refusal(accepted.error()));
                           respond({.status = http::status::accepted, .body = {}, .headers = {}});
                         });
}

json::object report_entry(const std::string& id, const json::value& external_id, FineractStatus status,
                          store::WallMs delivered_at, const std::string& error) {
  return {{"id", id},
          {"externalId", external_id},
          {"deliveredOnDate",
           delivered_at ? json::value(text::time_text(delivered_at).substr(0, 10)) : json::value(nullptr)},
          {"deliveryStatus", static_cast<int>(status)},
          {"hasError", false},  // Fineract skips an element with true, and then asks for ever
          {"errorMessage", error.empty() ? json::value(nullptr) : json::value(text::repaired_utf8(error))}};
}

// Its post was lost, or went elsewhere.
void note_never_posted(Noticed& noticed, const Tenant& tenant, const std::vector<std::string>& ids, Time now) {
  if (ids.empty()) return;
  tenant.metrics.unknown_ids->Increment(static_cast<double>(ids.size()));
  if (const auto count = noticed.never_posted.due(tenant.config.name, now, ids.size()))
    log::warn("fineract", "Fineract asks for messages that were never posted here", "tenant", tenant.config.name, "id",
              text::cut_utf8(ids.front(), logged_name_max), "times", count);
}

void post_report(Services& services, Noticed& noticed, const HttpRequest& request, Respond respond) {
  const auto* tenant = admit_fineract(services, noticed, request, respond);
  if (!tenant) return;
  json::error_code ec;
  const auto body = parse_body(request.body(), {}, ec);
  const auto* asked = ec ? nullptr : body.if_array();
  if (!asked || asked->size() > asked_ids_max)
    return respond(
        fineract_error(http::status::bad_request, "error.msg.invalid.request.body",
                       "The body must be a JSON array of at most " + std::to_string(asked_ids_max) + " ids"));
  std::vector<std::string> ids;
  for (const auto& value : *asked) {
    auto id = client_ref_of(&value);
    if (!id.empty()) ids.push_back(std::move(id));
  }
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const auto messages = services.store.reader().find(tenant->id, ids);
  json::array answer;
  const auto now = services.clock.wall();
  std::vector<std::string> never_posted;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    // A reference that another door brought is not Fineract's.
    auto found = messages[i];
    if (!found || found->content.source != store::Source::fineract)
      found = services.store.reader().get(Repair::bound(services.store, tenant->id, ids[i], now));
    if (found) {
      const auto& message = *found;
      const auto status = status_of(message);
      services.told.note(message.id, status, now);
      answer.push_back(report_entry(ids[i], json::value(ulid_text(message.id)), status,
                                    status == delivered ? message.progress.finished_at : 0,
                                    status == failed ? message.progress.status_message : std::string()));
      continue;
    }
    never_posted.push_back(ids[i]);
    if (noticed.unknown_ids.expired(tenant->id, ids[i], now, services.config.unknown_id_grace_ms))
      answer.push_back(report_entry(ids[i], nullptr, failed, 0, "this id was never posted to the bridge"));
  }
  note_never_posted(noticed, *tenant, never_posted, services.clock.now());
  services.events.repair().look(*tenant, std::move(never_posted));
  respond({.body = json::serialize(answer), .headers = {}});
}

void get_bridges(Services& services, Noticed& noticed, const HttpRequest& request, Respond respond) {
  const auto* tenant = admit_fineract(services, noticed, request, respond);
  if (!tenant) return;
  // The tenant's default comes first: self-service registration takes the first element.
  const auto preferred = services.directory.default_for(tenant->config);
  json::array answer;
  const auto add = [&](const GatewaySettings& gateway) {
    answer.push_back(fineract_bridge(tenant->config, tenant->id, gateway));
  };
  const auto table = services.directory.table();
  for (const auto& route : table->routes)
    if (table->may_use(tenant->config.name, *route))
      answer.push_back({{"id", route->id},
                        {"tenantId", tenant->id},
                        {"phoneNo", tenant->config.sender},
                        {"providerName", route->name},
                        {"providerDescription", route->description}});
  if (preferred && table->may_use(tenant->config.name, *preferred)) add(*preferred);
  for (const auto& gateway : table->gateways)
    if (gateway != preferred && table->may_use(tenant->config.name, *gateway)) add(*gateway);
  respond({.body = json::serialize(answer), .headers = {}});
}

void get_details(Services& services, Noticed& noticed, const HttpRequest& request, Respond respond) {
  const auto* tenant = admit_fineract(services, noticed, request, respond);
  if (!tenant) return;
  const auto found = services.store.reader().find(tenant->id, {request.captures.front()});
  // What other doors brought is not Fineract's: its key does not show their texts.
  if (!found.front() || found.front()->content.source != store::Source::fineract)
    return respond(
        fineract_error(http::status::not_found, "error.msg.resource.not.found", "No message has this internalId"));
  const auto& m = *found.front();
  const auto status = status_of(m);
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text::repaired_utf8(text));
  };
  json::object body{
      {"id", std::to_string(m.id)},
      {"externalId", ulid_text(m.id)},
      {"internalId", m.content.client_ref},
      {"submittedOnDate", m.progress.submitted_at ? json::value(text::time_text(m.progress.submitted_at).substr(0, 10))
                                                  : json::value(nullptr)},
      {"deliveredOnDate",
       status == delivered ? json::value(text::time_text(m.progress.finished_at).substr(0, 10)) : json::value(nullptr)},
      {"deliveryStatus", static_cast<int>(status)},
      {"deliveryErrorMessage", or_null(m.progress.status_message)},
      {"sourceAddress", or_null(m.content.from)},
      {"mobileNumber", or_null(m.content.to)},
      {"message", m.content.text},
      {"email", nullptr},
      {"bridgeId", m.content.gateway ? json::value(m.content.gateway) : json::value(nullptr)},
      {"response", nullptr},
      {"type", "SMS"}};
  respond({.body = json::serialize(body), .headers = {}});
}

}  // namespace

HttpResponse fineract_refusal(const Problem& problem) {
  auto response =
      fineract_error(status_of(problem.code), "error.msg." + std::string(name(problem.code)), problem.detail);
  if (problem.retry_after_seconds)
    response.headers.emplace_back("Retry-After", std::to_string(problem.retry_after_seconds));
  return response;
}

// What comes to no address of ours says nothing to Fineract either, and its posts are lost as well.
std::function<HttpResponse(const Problem&)> noted_fineract_refusal(Clock& clock) {
  return [&clock, seen = std::make_shared<log::Throttle>()](const Problem& problem) {
    if (problem.code == ProblemCode::not_found || problem.code == ProblemCode::method_not_allowed)
      if (const auto count = seen->due(std::string(name(problem.code)), clock.now()))
        log::warn("fineract", "a request fits nothing here: is it Fineract's, check its end_point and fineract_prefix",
                  "reason", problem.detail, "times", count);
    return fineract_refusal(problem);
  };
}

std::vector<Endpoint> fineract_endpoints(Services& services) {
  auto noticed = std::make_shared<Noticed>();
  std::vector<Endpoint> endpoints;
  // With and without the prefix that Fineract's end_point setting puts in front.
  std::vector<std::string> prefixes{""};
  std::string prefix = services.config.fineract_prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) prefixes.push_back(prefix.starts_with('/') ? prefix : "/" + prefix);
  for (const auto& p : prefixes) {
    const auto add = [&](http::verb method, const std::string& path, auto handler) {
      endpoints.push_back({method, p + path,
                           [&services, noticed, handler](const HttpRequest& request, Respond respond) {
                             handler(services, *noticed, request, std::move(respond));
                           },
                           [&services, noticed](const HttpRequest& request) {
                             std::optional<HttpResponse> refusal;
                             admit_fineract(services, *noticed, request,
                                            [&refusal](HttpResponse given) { refusal = std::move(given); });
                             return refusal;
                           }});
    };
    add(http::verb::post, "/sms", post_sms);
    add(http::verb::post, "/sms/send", post_sms);
    add(http::verb::post, "/sms/report", post_report);
    add(http::verb::get, "/smsbridges", get_bridges);
    add(http::verb::get, "/sms/details/{id}", get_details);
    for (auto& endpoint : fineract_bridge_endpoints(services, noticed, p)) endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

}  // namespace smsbridge::bridge
