// SPDX-License-Identifier: MPL-2.0
// /api/v1/opt-outs: who gets no more campaigns, since when and why; set and lifted by staff, imported and exported.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/intake/accept.hpp"
#include "bridge/text/csv.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t reason_max = 200, import_lines_max = 1000, exported_at_once = 1000;

json::object opt_out_json(const OptOut& opt_out, bool content) {
  return {{"number", content ? opt_out.number : log::masked(opt_out.number)},
          {"since", time_or_null(opt_out.since)},
          {"how", text_or_null(opt_out.how)},
          {"reason", text_or_null(opt_out.reason)},
          {"by", text_or_null(opt_out.by)}};
}

Problem needs_content() {
  return {.code = ProblemCode::forbidden,
          .detail = "whole numbers are shown to keys with the scope content:read",
          .errors = {}};
}

void list_opt_outs(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:read", respond, true);
  if (!caller) return;
  std::vector<FieldError> errors;
  std::size_t limit = page_usual;
  std::string after, only;
  for (const auto& [key, value] : request.query) {
    if (key == "limit")
      read_limit(value, limit, errors);
    else if (key == "cursor")
      after = value;
    else if (key == "number")
      only = value;
    else
      errors.push_back({"?" + key, "unknown-field", "there is no filter " + key});
  }
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  const bool content = caller->may("content:read");
  if (!content && (!only.empty() || !after.empty())) return respond(to_response(needs_content()));
  const auto& opt_outs = *services.directory.opt_outs();
  json::array items;
  if (!only.empty()) {
    const auto number = text::normalise_number(only, caller->tenant->config.default_country, text::Lengths::any);
    if (const auto found = opt_outs.find(caller->tenant->id, number ? number->e164 : only))
      items.push_back(opt_out_json(*found, content));
    return respond(page_of(request, std::move(items), {}));
  }
  const auto page = opt_outs.page(caller->tenant->id, after, limit);
  for (const auto& opt_out : page) items.push_back(opt_out_json(opt_out, content));
  // The cursor is a number: who may not see it has the first page only.
  respond(page_of(request, std::move(items), content && page.size() == limit ? page.back().number : std::string()));
}

// A whole number and a reason; otherwise the answer has been given.
std::optional<OptOut> read_change(const Caller& caller, const std::string& number, const std::string& reason,
                                  WallMs now, const Respond& respond) {
  std::vector<FieldError> errors;
  const auto e164 = text::normalise_number(number, caller.tenant->config.default_country, text::Lengths::any);
  if (!e164)
    errors.push_back({"/number", "bad-value", "no phone has this number: " + std::string(text::explain(e164.error()))});
  if (reason.empty() || reason.size() > reason_max)
    errors.push_back({"/reason", reason.empty() ? "missing" : "bad-value",
                      "say why, in at most 200 octets: whoever asks later reads it"});
  if (errors.empty())
    return OptOut{.number = e164->e164, .since = now, .how = "staff", .reason = reason, .by = caller.who};
  respond(to_response(invalid(std::move(errors))));
  return std::nullopt;
}

void set_opt_out(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:manage", respond, true);
  if (!caller) return;
  const auto body = read_json(request);
  if (!body) return respond(to_response(body.error()));
  std::map<std::string, std::string> given;
  const auto* object = body->if_object();
  if (!object) return respond(to_response(invalid({{"", "bad-type", "send {\"number\": ..., \"reason\": ...}"}})));
  for (const auto& [key, value] : *object) {
    if ((key != "number" && key != "reason") || !value.is_string())
      return respond(to_response(invalid({{"/" + std::string(key), "bad-value", "the fields are number and reason"}})));
    given[key] = value.get_string().c_str();
  }
  const auto opt_out = read_change(*caller, given["number"], given["reason"], services.clock.wall(), respond);
  if (!opt_out) return;
  store::Batch batch;
  OptOuts::set(batch, caller->tenant->id, *opt_out);
  services.store.commit(
      std::move(batch), request.executor,
      [&services, opt_out = *opt_out, respond, caller = *caller](const store::BatchResult& result) {
        if (result.error != store::Error::none) return respond(to_response(bridge::problem_of(result.error)));
        const bool is_new = result.marks.front().is_new;
        if (is_new) caller.tenant->metrics.opt_outs[metrics::OptOutHow::staff]->Increment();
        log::info("opt-outs", is_new ? "set" : "was set before", "tenant", caller.tenant->config.name, "number",
                  log::phone(opt_out.number), "by", caller.who);
        const auto now = services.directory.opt_outs()->find(caller.tenant->id, opt_out.number);
        respond({.status = is_new ? http::status::created : http::status::ok,
                 .body = json::serialize(opt_out_json(now.value_or(opt_out), caller.may("content:read"))),
                 .headers = {}});
      });
}

void lift_opt_out(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:manage", respond, true);
  if (!caller) return;
  const auto reason = request.query.find("reason");
  const auto lifted =
      read_change(*caller, request.captures.front(), reason == request.query.end() ? std::string() : reason->second,
                  services.clock.wall(), respond);
  if (!lifted) return;
  const auto was = services.directory.opt_outs()->find(caller->tenant->id, lifted->number);
  if (!was) return respond(to_response(no_such("opt-out of", lifted->number)));
  store::Batch batch;
  OptOuts::lift(batch, caller->tenant->id, *lifted);
  services.store.commit(
      std::move(batch), request.executor, [was = *was, respond, caller = *caller](const store::BatchResult& result) {
        if (result.error != store::Error::none) return respond(to_response(bridge::problem_of(result.error)));
        caller.tenant->metrics.opt_outs_lifted->Increment();
        log::info("opt-outs", "lifted", "tenant", caller.tenant->config.name, "number", log::phone(was.number), "by",
                  caller.who);
        respond({.body = json::serialize(opt_out_json(was, caller.may("content:read"))), .headers = {}});
      });
}

// ---- many at once ----

// "number,reason" a line, as the export begins its lines.
struct Import {
  std::vector<OptOut> opt_outs;
  std::vector<FieldError> errors;
  std::size_t lines = 0;
};

Import read_import(std::string_view body, const Caller& caller, WallMs now) {
  Import import;
  for (std::size_t line = 1; !body.empty(); ++line) {
    const auto end = std::min(body.find('\n'), body.size());
    const auto row = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const auto cells = text::csv_cells(row);
    const auto& number = cells.front();
    if (number.empty() || (line == 1 && number == "number")) continue;
    ++import.lines;
    const auto reason = cells.size() > 1 ? cells[1] : std::string();
    const auto e164 = text::normalise_number(number, caller.tenant->config.default_country, text::Lengths::any);
    if (!e164)
      import.errors.push_back(
          {"line " + std::to_string(line), "invalid-number", std::string(text::explain(e164.error()))});
    else
      import.opt_outs.push_back({.number = e164->e164,
                                 .since = now,
                                 .how = "import",
                                 .reason = std::string(text::cut_utf8(text::repaired_utf8(reason), reason_max)),
                                 .by = caller.who});
  }
  return import;
}

void import_opt_outs(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:manage", respond, true);
  if (!caller) return;
  const auto type = request.header(http::field::content_type);
  if (!type.empty() && !type.starts_with("text/csv"))
    return respond(to_response({.code = ProblemCode::unsupported_media_type,
                                .detail = "send Content-Type: text/csv, a number and perhaps a reason a line",
                                .errors = {}}));
  auto import = read_import(without_byte_order_mark(request.body()), *caller, services.clock.wall());
  if (import.lines > import_lines_max)
    return respond(to_response(invalid({{"", "too-many", "send at most 1000 lines at once"}})));
  store::Batch batch;
  for (const auto& opt_out : import.opt_outs) OptOuts::set(batch, caller->tenant->id, opt_out);
  json::array errors;
  for (const auto& error : import.errors)
    errors.push_back({{"pointer", error.pointer}, {"code", error.code}, {"detail", error.detail}});
  services.store.commit(
      std::move(batch), request.executor,
      [respond, caller = *caller, errors = std::move(errors)](const store::BatchResult& result) {
        if (result.error != store::Error::none) return respond(to_response(bridge::problem_of(result.error)));
        const auto added = std::ranges::count_if(result.marks, &store::MarkPut::is_new);
        const auto known = static_cast<std::int64_t>(result.marks.size()) - added;
        caller.tenant->metrics.opt_outs[metrics::OptOutHow::import]->Increment(static_cast<double>(added));
        log::info("opt-outs", "imported", "tenant", caller.tenant->config.name, "added", added, "known", known,
                  "refused", errors.size(), "by", caller.who);
        respond({.body = json::serialize(json::object{{"added", added}, {"known", known}, {"errors", errors}}),
                 .headers = {}});
      });
}

void export_opt_outs(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:read", respond, true);
  if (!caller) return;
  if (!caller->may("content:read")) return respond(to_response(needs_content()));
  std::string csv = "number,reason,since,how,by\n", after;
  for (;;) {
    const auto page = services.directory.opt_outs()->page(caller->tenant->id, after, exported_at_once);
    for (const auto& each : page)
      csv += fmt::format("{},{},{},{},{}\n", each.number, text::csv_cell(each.reason),
                         each.since ? text::time_text(each.since) : "", each.how, text::csv_cell(each.by));
    if (page.size() < exported_at_once) break;
    after = page.back().number;
  }
  respond({.content_type = "text/csv; charset=utf-8", .body = std::move(csv), .headers = {}});
}

}  // namespace

std::vector<Endpoint> opt_out_endpoints(Services& services) {
  using enum http::verb;
  const auto by = [&services](void (*work)(Services&, const HttpRequest&, const Respond&)) {
    return [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); };
  };
  const std::string base = "/api/v1/opt-outs";
  return {{get, base, by(list_opt_outs)},
          {post, base, by(set_opt_out)},
          {post, base + "/import", by(import_opt_outs)},
          // It reads them all, and a shard has other things to do.
          {.method = get, .path = base + "/export", .handler = by(export_opt_outs), .aside = services.aside},
          {delete_, base + "/{number}", by(lift_opt_out)}};
}

}  // namespace smsbridge::bridge
