// SPDX-License-Identifier: MPL-2.0
// /api/v1/messages/{id}: one message, and what a person does with it.
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/doors/api/waiting.hpp"
#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// The message of the path, if the caller may see it; otherwise the answer has been given.
std::optional<store::Message> find_message(Services& services, const HttpRequest& request, const Caller& caller,
                                           const Respond& respond) {
  const auto id = parse_message_id(request.captures.front());
  auto message = id ? services.store.reader().get(*id) : std::nullopt;
  if (message && (!caller.tenant || message->content.tenant == caller.tenant->id)) return message;
  respond(to_response({.code = ProblemCode::not_found,
                       .detail = "there is no message " + std::string(text::cut_utf8(request.captures.front(), 60)),
                       .errors = {}}));
  return std::nullopt;
}

void get_message(Services& services, const HttpRequest& request, Respond respond, bool timeline) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  const auto message = find_message(services, request, *caller, respond);
  if (!message) return;
  if (timeline) return respond({.body = json::serialize(timeline_json(*message, services.directory)), .headers = {}});
  auto body = message_json(*message, services.tenants, services.directory, sees_content(*caller, *message),
                           services.clock.wall());
  const auto told = services.told.find(message->id);
  body["fineract"] =
      told ? json::value{{"status", told->status}, {"told_at", text::time_text(told->at)}} : json::value(nullptr);
  // Why it waits is known to its gateway.
  const auto gateway = services.directory.table()->gateway(store::gateway_of(message->content, message->progress));
  auto answer = [&services, gateway, message = *message, body = std::move(body),
                 respond = std::move(respond)](const GatewayStatus& status) mutable {
    body["waiting"] = waiting_json(message, gateway.get(), status, services.store.reader(), services.clock.wall());
    respond({.body = json::serialize(body), .headers = {}});
  };
  if (!gateway) return answer(GatewayStatus{});
  services.gateways.ask(gateway->name, GatewayControl::Action::show, request.executor, std::move(answer));
}

// The carrier has it: whether it gives it back, and what is then known of it.
void cancel_at_carrier(Services& services, const HttpRequest& request, const store::Message& message,
                       const GatewaySettings& gateway, bool shows_content, Respond respond) {
  using Kind = Channel::CancelAnswer::Kind;
  const auto refuse = [respond, state = std::string(store::name(message.progress.state))](const std::string& why) {
    respond(to_response({.code = ProblemCode::state_conflict,
                         .detail = "the message is " + state + " and was not cancelled: " + why,
                         .errors = {}}));
  };
  const store::Control::AtCarrier which{.gateway = gateway.id, .attempt = message.progress.attempts};
  services.gateways.cancel(
      gateway.name, message, request.executor,
      [&services, refuse, shows_content, respond, id = message.id, tenant = message.content.tenant, which,
       executor = request.executor](const Channel::CancelAnswer& answer) {
        if (answer.kind != Kind::cancelled) return refuse(answer.detail);
        store::Batch batch;
        batch.controls.push_back(
            {.action = store::Control::Action::cancel, .tenant = tenant, .id = id, .at_carrier = which});
        services.store.commit(
            std::move(batch), executor,
            [&services, refuse, shows_content, respond, id](const store::BatchResult& result) {
              if (result.error != store::Error::none) return respond(to_response(problem_of(result.error)));
              const auto now = services.store.reader().get(id);
              if (!now || result.controls.front() != store::Controlled::done)
                return refuse(now && !is_final(now->progress.state)
                                  ? "the carrier takes it back, but it left once more meanwhile; try again"
                                  : "the carrier takes it back, but it ended meanwhile" +
                                        (now ? " as " + std::string(store::name(now->progress.state)) : ""));
              respond({.body = json::serialize(message_json(*now, services.tenants, services.directory, shows_content,
                                                            services.clock.wall())),
                       .headers = {}});
            });
      });
}

// The message that may be asked this about; otherwise the answer has been given. A sender cancels his own.
std::optional<std::pair<Caller, store::Message>> controlled(Services& services, const HttpRequest& request,
                                                            const Respond& respond, store::Control::Action action) {
  const auto known = services.tenants.by_key(request);
  const bool own_only = known && known->person && action == store::Control::Action::cancel &&
                        !known->may("messages:manage") && known->may("messages:send");
  auto caller = admit(services, request, own_only ? "messages:send" : "messages:manage", respond, false);
  if (!caller) return std::nullopt;
  auto message = find_message(services, request, *caller, respond);
  if (!message) return std::nullopt;
  if (!own_only || is_own(*caller, *message)) return std::pair(std::move(*caller), std::move(*message));
  respond(to_response({.code = ProblemCode::forbidden,
                       .detail = "you may cancel what you sent yourself; this was sent by another, and takes the scope "
                                 "messages:manage",
                       .errors = {}}));
  return std::nullopt;
}

void control_message(Services& services, const HttpRequest& request, Respond respond, store::Control::Action action) {
  const auto admitted = controlled(services, request, respond, action);
  if (!admitted) return;
  const auto& [caller, message] = *admitted;
  const bool at_carrier =
      message.progress.state == store::State::submitted || message.progress.state == store::State::doubtful;
  const auto gateway = services.directory.table()->gateway(store::gateway_of(message.content, message.progress));
  if (action == store::Control::Action::cancel && at_carrier && gateway && gateway->is_smpp() && gateway->smpp().cancel)
    return cancel_at_carrier(services, request, message, *gateway, sees_content(caller, message), respond);
  const auto* tenant = services.tenants.find(message.content.tenant);
  const auto way_out = action == store::Control::Action::retry && tenant
                           ? way_for(message, *tenant, services.directory, services.clock.wall())
                           : 0;
  store::Batch batch;
  batch.controls.push_back(
      {.action = action,
       .tenant = message.content.tenant,
       .id = message.id,
       .validity_ms = services.directory.validity_ms(tenant ? &tenant->config : nullptr, message.content.lane),
       .gateway = way_out});
  services.store.commit(
      std::move(batch), request.executor,
      [&services, id = message.id, action, shows_content = sees_content(caller, message),
       respond = std::move(respond)](store::BatchResult result) {
        if (result.error != store::Error::none) return respond(to_response(problem_of(result.error)));
        const auto now = services.store.reader().get(id);
        if (!now || result.controls.front() == store::Controlled::not_found)
          return respond(to_response({.code = ProblemCode::not_found, .detail = "the message is gone", .errors = {}}));
        if (result.controls.front() == store::Controlled::no_way)
          return respond(
              to_response({.code = ProblemCode::state_conflict,
                           .detail = "there is no way out for this message still: " + now->progress.status_message,
                           .errors = {}}));
        if (result.controls.front() == store::Controlled::too_late)
          return respond(to_response(
              {.code = ProblemCode::state_conflict,
               .detail = action == store::Control::Action::cancel
                             ? "only a message that still waits can be cancelled; this one is " +
                                   std::string(store::name(now->progress.state)) + " or on its way"
                             : "only a message that ended without delivery can be tried again; this one is " +
                                   std::string(store::name(now->progress.state)),
               .errors = {}}));
        respond({.body = json::serialize(
                     message_json(*now, services.tenants, services.directory, shows_content, services.clock.wall())),
                 .headers = {}});
      });
}

}  // namespace

std::vector<Endpoint> message_endpoints(Services& services) {
  using enum http::verb;
  using Action = store::Control::Action;
  const std::string base = "/api/v1/messages/{id}";
  return {
      {get, base, [&services](const HttpRequest& r, Respond a) { get_message(services, r, std::move(a), false); }},
      {get, base + "/timeline",
       [&services](const HttpRequest& r, Respond a) { get_message(services, r, std::move(a), true); }},
      {post, base + "/cancel",
       [&services](const HttpRequest& r, Respond a) { control_message(services, r, std::move(a), Action::cancel); }},
      {post, base + "/retry",
       [&services](const HttpRequest& r, Respond a) { control_message(services, r, std::move(a), Action::retry); }},
  };
}

}  // namespace smsbridge::bridge
