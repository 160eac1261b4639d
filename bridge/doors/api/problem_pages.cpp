// SPDX-License-Identifier: MPL-2.0
// What the `type` of a problem leads to: a page for whoever finds it in a log, with what, why and what to do.
#include <fmt/format.h>

#include "bridge/doors/api/api.hpp"

namespace smsbridge::bridge {
namespace {

struct Advice {
  ProblemCode code;
  std::string_view why, what_to_do;
};

using enum ProblemCode;
constexpr auto advice = std::to_array<Advice>({
    {malformed_request,
     "The octets are no HTTP/1.1, or two servers in a row could read them in two ways: no Host header or two, "
     "Content-Length beside Transfer-Encoding, control characters in a header, a broken percent escape.",
     "Look at what the client, or the proxy between it and the bridge, really sends; `detail` names the place. The "
     "same "
     "request is refused again."},
    {malformed_json, "The body cannot be read as JSON: `detail` says where it stops making sense.",
     "Send UTF-8 JSON. Let a library write it: most often a quote or a line break in a text was not escaped."},
    {unauthenticated, "There is no key, or it is not a key of this bridge, was removed, or has expired.",
     "Send 'Authorization: Bearer sbk_...'. A key is made on the bridge's host by 'smsbridge keys create'; 'smsbridge "
     "keys list' shows those that there are."},
    {forbidden, "The key is good, but not for this: it lacks the scope that `detail` names, or is one tenant's.",
     "Use another key, or make one: 'smsbridge keys create --scope ...', with --owner for what all tenants share."},
    {not_found,
     "Nothing has this address, or no message, gateway or route has this name; names of others are not told.",
     "Compare the address with /openapi.yaml, and the name with the list it should be in."},
    {method_not_allowed, "The address exists, with other methods: the header Allow names them.",
     "Use one of them. A proxy that follows redirects may have turned POST into GET."},
    {state_conflict,
     "It has gone on meanwhile: a message that was sent cannot be cancelled, one that was delivered not "
     "be tried again.",
     "Read it again; `detail` says how it is now."},
    {managed_by_file, "The object stands in the configuration file, which would put it back.",
     "Change the file, and then 'smsbridge reload'."},
    {precondition_failed, "Somebody changed the object after you read it.",
     "Read it again, make your change to what it is now, and send its new ETag in If-Match."},
    {precondition_required, "A change says what it changes, so that nobody's is lost.",
     "Send the ETag of your last GET in If-Match; * overwrites whatever is there."},
    {payload_too_large, "The body, or what is sent around its chunks, is larger than what is taken in one piece.",
     "Send smaller batches."},
    {unsupported_media_type, "The body is not declared as JSON.", "Send Content-Type: application/json."},
    {invalid_request, "The request can be read, but not meant like this: `errors` names each field and its mistake.",
     "Mend the fields. The same request is refused again."},
    {invalid_number, "No phone can have this number: letters, too few or too many digits, or an unassigned code.",
     "Correct the number where it is kept. In national notation the tenant needs a default_country; a country whose "
     "numbering plan changed, check_number_length: false."},
    {no_route, "No route of the tenant fits this message, or all gateways of the one that does are off.",
     "'smsbridge routes test NUMBER' shows which route was passed by, and why; a default_gateway takes the rest."},
    {budget_spent,
     "What the tenant may spend in this month is spent, for messages of this lane. Login codes and "
     "transactions are never refused.",
     "Wait for the next month (UTC), or raise the tenant's budget; 'smsbridge usage' shows what was spent."},
    {opted_out,
     "The phone sent STOP, or staff took it off: it gets no campaigns and no reminders of this tenant, or what its "
     "opt_out_lanes name. Login codes and transactions still go.",
     "Respect it. START from the phone undoes it, and so does 'smsbridge opt-outs remove' with a reason, when the "
     "client asked for it."},
    {same_text,
     "The same text went to the same number same_text_max times within a day: mostly somebody's loop. Login codes are "
     "not "
     "counted, and neither is what was refused.",
     "Stop what sends it. Where it is meant, say something else in it, or raise the tenant's same_text_max."},
    {unknown_template, "The message names a template that is not there, or is not for its tenant.",
     "'smsbridge templates list' shows those that there are; a template's 'tenants' say for whom it is."},
    {missing_variable,
     "The template has places for values that the message does not bring. A text with holes in it is not sent.",
     "Give the variables that `detail` names. What may be missing stands in a section in the template: "
     "{{#note}}...{{/note}}."},
    {too_many_parts,
     "The text needs more parts than the gateway takes (segments_max). One character outside GSM 03.38 "
     "halves what a part holds.",
     "Shorten it; POST /api/v1/messages/preview counts parts and says which alphabet it takes."},
    {idempotency_mismatch,
     "The Idempotency-Key or client_ref belongs to a message with other content. Nothing was sent "
     "now.",
     "For a new message take a new one. To repeat a request, send it unchanged."},
    {queue_full, "More messages are waiting to be written than the disk takes right now. Nothing was accepted.",
     "Send the same again after Retry-After, with its Idempotency-Key; if it lasts, look at the disk."},
    {fineract_unavailable,
     "The message is for somebody in Fineract, and Fineract does not answer, or does not let us read.",
     "Send it again later, or give the number in 'to'; 'smsbridge fineract check' says what is wrong."},
    {rate_limited, "Wrong passwords came one after the other, for this name or from this address.",
     "Wait as long as Retry-After says. Whoever forgot a password gets a link for another by 'smsbridge people "
     "invite'."},
    {headers_too_large, "The headers have more than 16 KiB.",
     "Send fewer: cookies and long Accept lists are the usual."},
    {request_timeout, "The request began, and its end did not come in time. Nothing was accepted.",
     "Send it in one piece. If that was done, the network between loses octets."},
    {internal, "A mistake of ours.", "The log of the bridge has a line with the reason; please report it."},
    {shutting_down, "The bridge is starting or stopping, or cannot write. Nothing was accepted.",
     "Send the same again after Retry-After; GET /readyz tells when it takes messages."},
    {store_full, "The store has reached its size_limit, or the disk is full. What was accepted before is safe.",
     "Make room on the disk, or raise store.size_limit; a shorter store.retention keeps it smaller."},
    {storage_failed, "The disk refused what was to be kept, or does not answer. Nothing was accepted.",
     "Look at the disk and at the log, which has its error. Send the same again after Retry-After."},
    {uri_too_long, "The address has more than 8000 octets.", "Put what is long into the body."},
    {transfer_coding_unknown, "The body comes compressed or coded in a way that the bridge does not undo.",
     "Send it as it is, with a Content-Length, or with Transfer-Encoding: chunked alone."},
    {overloaded,
     "Many large bodies arrive at the same time, and together they may not fill the memory. Nothing was "
     "accepted.",
     "Send the same again after Retry-After, fewer at once or in smaller batches."},
});

constexpr std::string_view page_begin =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>smsbridge: problems</title>\n";

HttpResponse page(std::string body) {
  return {.content_type = "text/html; charset=utf-8",
          .body = std::string(page_begin) + std::move(body),
          .headers = {{"Content-Security-Policy", "default-src 'none'"}, {"X-Content-Type-Options", "nosniff"}}};
}

void show_problem(const HttpRequest& request, const Respond& respond) {
  for (const auto& [code, why, what_to_do] : advice)
    if (name(code) == request.captures.front())
      return respond(
          page(fmt::format("<h1>{}</h1>\n<p><code>{}</code>, HTTP status {}</p>\n<h2>Why</h2>\n<p>{}</p>\n"
                           "<h2>What to do</h2>\n<p>{}</p>\n<p><a href=\"/docs/problems\">All problems</a></p>\n",
                           title(code), name(code), static_cast<int>(status_of(code)), why, what_to_do)));
  respond(to_response(no_such("problem", request.captures.front())));
}

void list_problems(const HttpRequest&, const Respond& respond) {
  std::string list = "<h1>Problems</h1>\n<ul>\n";
  for (const auto& entry : advice)
    list += fmt::format("<li><a href=\"/docs/problems/{0}\">{0}</a>: {1}</li>\n", name(entry.code), title(entry.code));
  respond(page(list + "</ul>\n"));
}

}  // namespace

std::vector<Endpoint> problem_endpoints() {
  return {{http::verb::get, "/docs/problems", list_problems}, {http::verb::get, "/docs/problems/{code}", show_problem}};
}

}  // namespace smsbridge::bridge
