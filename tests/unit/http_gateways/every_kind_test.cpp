// SPDX-License-Identifier: MPL-2.0
// What may come from any provider, or from a proxy or a phone behind it, and must not cost a message or a receipt: one
// table for all kinds.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "bridge/text/numbering_table.hpp"
#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/generic/trunk_prefix.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"

namespace smsbridge::http_gateways {
namespace {

namespace json = boost::json;

const OutboundSms sms{.reference = "1f3a5c-1", .to = "+254700000101", .text = "Your loan balance is 7"};
const std::string url = "https://sms.example.org/in/g/s3cr3t?ref=1f3a5c-1";
constexpr std::int64_t now_s = 1787389510;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

struct Row {
  const char* kind;
  const char* settings;
  // An answer that takes the message as A1. WORD stands where free words are, perhaps ours.
  int status;
  const char* reply;
  const char* id;  // empty: none is given
  // A receipt of message A1: delivered. Empty: there is none.
  const char* callback;
  Status says = Status::delivered;
};

constexpr const char* generic_settings = R"({
  "request": {"url": "https://x.example/", "body": {"type": "json", "value": {"to": "{{to}}"}}},
  "response": {"format": "json", "message_id": {"json": "/id"},
    "rules": [{"when": {"status": "2xx", "json": {"path": "/code", "equals": 0}}, "then": {"outcome": "accepted"}},
              {"when": {"json": {"path": "/code", "equals": 20}},
               "then": {"error_class": "throttled", "one_number": true}}]},
  "callback": {"id": {"param": "id"}, "ref": {"query": "ref"}, "status": {"param": "st"},
               "map": {"DELIVRD": "delivered", "UNDELIV": "undelivered"}}})";

const Row rows[] = {
    {"twilio", R"({"account_sid":"AC1","auth_token":"tok"})", 201, R"({"body":"WORD","sid":"A1"})", "A1",
     "MessageSid=A1&Body=WORD&MessageStatus=delivered"},
    {"vonage-sms", R"({"api_key":"k","api_secret":"s"})", 200,
     R"({"messages":[{"status":"0","message-id":"A1","error-text":"WORD"}]})", "A1",
     "messageId=A1&text=WORD&status=delivered"},
    {"vonage-messages", R"({"api_key":"k","api_secret":"s","unsigned_callbacks":true})", 202,
     R"({"detail":"WORD","message_uuid":"A1"})", "A1", R"({"message_uuid":"A1","text":"WORD","status":"delivered"})"},
    {"telerivet", R"({"api_key":"k","project_id":"P","status_secret":"s"})", 200,
     R"({"content":"WORD","id":"A1","status":"queued"})", "A1",
     "event=send_status&secret=s&id=A1&content=WORD&status=delivered"},
    {"frontlinesms", R"({"mode":"v2","base_url":"http://h","activity_id":1})", 200,
     "message successfully queued to send to 1 recipient(s) WORD", "", ""},
    {"frontlinesms", R"({"mode":"trigger","base_url":"http://h"})", 200, "OK\n", "", ""},
    {"frontlinesms", R"({"mode":"sync","secret":"s"})", 0, "", "",
     R"({"secret":"s","payload":{"inboundTextMessages":[{"text":"WORD"}],"outboundTextMessageStatuses":)"
     R"([{"dispatchId":"A1","deliveryStatus":2}]}})",
     Status::sent},
    {"africastalking", R"({"username":"u","api_key":"k"})", 201,
     R"({"SMSMessageData":{"Message":"WORD","Recipients":[{"number":"+254700000101","messageId":"A1","statusCode":101}]}})",
     "A1", "id=A1&failureReason=&text=WORD&status=Success"},
    {"infobip", R"({"base_url":"https://x.example","api_key":"k"})", 200,
     R"({"messages":[{"messageId":"A1","status":{"groupId":1,"id":26,"description":"WORD"}}]})", "A1",
     R"({"results":[{"messageId":"A1","text":"WORD","status":{"groupId":3,"id":5}}]})"},
    {"android-smsgate", R"({"username":"u","password":"p","signing_key":"key"})", 202, R"({"text":"WORD","id":"A1"})",
     "A1", R"({"event":"sms:delivered","payload":{"messageId":"A1","text":"WORD"}})"},
    {"kannel", R"({"url":"http://h/cgi-bin/sendsms","username":"u","password":"p"})", 202,
     "0: Accepted for delivery WORD", "", ""},
    {"jasmin", R"({"base_url":"http://h","username":"u","password":"p"})", 200, R"(Success "A1" WORD)", "A1",
     "id=A1&text=WORD&level=2&message_status=DELIVRD"},
    {"jasmin", R"({"base_url":"http://h","username":"u","password":"p","api":"rest"})", 200,
     R"({"note":"WORD","data":"Success \"A1"})", "A1", ""},
    {"generic", generic_settings, 200, R"({"code":0,"desc":"WORD","id":"A1"})", "A1", "id=A1&text=WORD&st=DELIVRD"},
    {"generic", generic_settings, 200, R"({"code":0,"desc":"WORD","id":"A1"})", "A1",
     R"({"id":"A1","text":"WORD","st":"DELIVRD"})"},
};

std::unique_ptr<Provider> account(std::string_view kind, std::string_view settings) {
  return make_provider(*find_kind(kind), json::parse(settings).as_object());
}
std::unique_ptr<Provider> account(const Row& row) { return account(row.kind, row.settings); }

bool is_json(std::string_view text) { return text.find('{') != std::string_view::npos; }

TEST(EveryKind, IsInTheTable) {
  std::set<std::string_view> in_table;
  for (const auto& row : rows) in_table.insert(row.kind);
  for (const auto& kind : kinds()) EXPECT_TRUE(in_table.contains(kind.name)) << kind.name;
}

TEST(EveryKind, ReadsRepliesWhateverTheirOctets) {
  const struct {
    const char* name;
    std::string before, word, behind;
    bool json_only = false;
  } odd[] = {
      {"as it should be", "", "fine", ""},
      {"byte order mark", "\xEF\xBB\xBF", "fine", ""},
      {"Latin-1", "", "Envoy\xE9", ""},
      {"cut inside a character", "", "costs 5 \xE2\x82", ""},
      {"half of a pair written as a character", "", "\xED\xA0\xBD", ""},
      {"zeros and line ends around it", "\r\n", "fine", std::string("\r\n\0", 3)},
      {"half of a surrogate pair", "", R"(asante \ud83d)", "", true},
      {"the other half first", "", R"(\udc00\ud83d)", "", true},
      {"a whole pair", "", R"(asante \ud83d\ude00)", "", true},
      {"raw line end", "", "one\ntwo\ttabs", "", true},
      {"no escape of JSON", "", R"(don\'t \x \u12)", "", true},
      {"an escaped quote before an odd octet", "", "\\\" \xE9 \\\\", "", true},
  };
  for (const auto& row : rows) {
    if (row.status == 0) continue;
    const auto provider = account(row);
    for (const auto& each : odd) {
      if (each.json_only && !is_json(row.reply)) continue;
      SCOPED_TRACE(std::string(row.kind) + ": " + each.name);
      const Reply reply{.status = row.status,
                        .headers = {},
                        .body = each.before + replaced(row.reply, "WORD", each.word) + each.behind};
      const auto verdict = provider->read(reply, sms, now_s);
      EXPECT_EQ(name(verdict.outcome), name(Outcome::accepted)) << verdict.detail;
      EXPECT_EQ(verdict.provider_message_ids, *row.id ? std::vector<std::string>{row.id} : std::vector<std::string>());
    }
    if (!is_json(row.reply)) continue;
    // Nobody knows what stood behind: perhaps sent.
    const std::string reply = row.reply;
    EXPECT_EQ(name(provider->read({row.status, {}, reply.substr(0, reply.size() - 1)}, sms, now_s).outcome),
              name(Outcome::uncertain))
        << row.kind;
  }
}

CallbackRequest signed_by(const Row& row, CallbackRequest request) {
  if (std::string_view(row.kind) == "android-smsgate")
    request.headers = {{"X-Timestamp", std::to_string(now_s)},
                       {"X-Signature", hex(hmac(Hash::sha256, "key", request.body + std::to_string(now_s)))}};
  if (std::string_view(row.kind) == "twilio") {
    if (request.headers.empty()) request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    auto fields = body_fields(request);
    std::ranges::sort(fields);
    auto covered = request.url;
    for (const auto& [name, value] : fields) covered += name + value;
    request.headers.emplace_back("X-Twilio-Signature", base64(hmac(Hash::sha1, "tok", covered)));
  }
  return request;
}

void expect_receipt(const Row& row, const CallbackRequest& request) {
  const auto result = account(row)->receive(signed_by(row, request), now_s);
  EXPECT_TRUE(result.authentic) << result.refusal;
  ASSERT_EQ(result.updates.size(), 1u) << request.url << " " << request.body;
  EXPECT_EQ(result.updates[0].provider_message_id, "A1");
  EXPECT_EQ(name(result.updates[0].status), name(row.says));
  EXPECT_FALSE(result.unread);
  for (const auto& message : result.inbound) EXPECT_EQ(message.text, readable(message.text));
}

std::string multipart(const Fields& fields, const std::string& line_end) {
  std::string body = "a preamble" + line_end;
  for (const auto& [name, value] : fields)
    body += "--b-1" + line_end + "content-disposition: form-data; name=\"" + name + "\"" + line_end + line_end + value +
            line_end;
  return body + "--b-1--" + line_end;
}

TEST(EveryKind, ReadsReceiptsWhateverTheirOctets) {
  const struct {
    const char* name;
    std::string before, word, behind;
  } in_forms[] = {{"as it should be", "", "fine", ""},
                  {"byte order mark", "\xEF\xBB\xBF", "fine", ""},
                  {"Latin-1", "", "Envoy\xE9", ""},
                  {"Latin-1, encoded", "", "Envoy%E9", ""},
                  {"percent sign", "", "50% failed", ""},
                  {"percent sign and one digit", "", "NACK/50%2", ""},
                  {"line end behind the status", "", "fine", "%0D%0A"},
                  {"line end behind the body", "", "fine", "\r\n"},
                  {"blank behind the status", "", "fine", "+"}},
    in_json[] = {{"as it should be", "", "fine", ""},  {"byte order mark", "\xEF\xBB\xBF", "fine", ""},
                 {"Latin-1", "", "Envoy\xE9", ""},     {"half of a surrogate pair", "", R"(\ud83d)", ""},
                 {"raw line end", "", "one\ntwo", ""}, {"zeros behind it", "", "fine", std::string("\0\0", 2)}};
  for (const auto& row : rows) {
    if (!*row.callback) continue;
    const bool json = is_json(row.callback);
    const std::string type = json ? "Application/JSON; charset=utf-8" : "Application/X-WWW-Form-Urlencoded; charset=x";
    for (const auto& each : json ? std::vector(std::begin(in_json), std::end(in_json))
                                 : std::vector(std::begin(in_forms), std::end(in_forms))) {
      SCOPED_TRACE(std::string(row.kind) + ": " + each.name);
      expect_receipt(row, {.method = "POST",
                           .url = url,
                           .headers = {{"content-type", type}},
                           .body = each.before + replaced(row.callback, "WORD", each.word) + each.behind});
    }
  }
}

TEST(EveryKind, ReadsReceiptsFromEveryPlaceOfARequest) {
  for (const auto& row : rows) {
    if (!*row.callback || is_json(row.callback) || std::string_view(row.kind) == "twilio") continue;
    SCOPED_TRACE(row.kind);
    for (const auto* line_end : {"\r\n", "\n"})
      for (const auto* type : {"multipart/form-data; boundary=b-1", "Multipart/Form-Data; charset=x; Boundary=\"b-1\""})
        expect_receipt(row, {.method = "POST",
                             .url = url,
                             .headers = {{"Content-Type", type}},
                             .body = multipart(parse_form(row.callback), line_end)});
    const auto odd = replaced(row.callback, "WORD", "NACK/50%");
    expect_receipt(row, {.method = "GET", .url = url + "&" + odd, .headers = {}, .body = ""});
    expect_receipt(row, {.method = "GET", .url = url + "&" + odd + "%0A", .headers = {}, .body = ""});
    // Behind an address that has a query already, as who does not look appends his own.
    expect_receipt(row, {.method = "GET", .url = url + "?" + odd, .headers = {}, .body = ""});
    const auto result = account(row)->receive({"GET", url + "?" + odd, {}, ""}, now_s);
    EXPECT_EQ(result.updates.at(0).reference, "1f3a5c-1");
  }
}

TEST(EveryKind, SaysWhatItCouldNotRead) {
  for (const auto& row : rows) {
    if (!*row.callback || std::string_view(row.kind) == "frontlinesms") continue;
    SCOPED_TRACE(row.kind);
    auto body = replaced(row.callback, "A1", "");
    body = replaced(std::move(body), "tatus\":", "tatos\":");
    body = replaced(std::move(body), "&text=", "&words=");  // which alone is a message
    for (const auto* status : {"delivered", "Success", "DELIVRD"}) body = replaced(std::move(body), status, "");
    body = replaced(std::move(body), "\"sms:\"", "\"\"");
    const auto result =
        account(row)->receive(signed_by(row, {"POST", "https://sms.example.org/in/g/s3cr3t", {}, body}), now_s);
    EXPECT_TRUE(result.authentic) << result.refusal;
    ASSERT_TRUE(result.unread) << body;
    EXPECT_EQ(result.unread->size, body.size());
    EXPECT_EQ(result.unread->field_names.find("WORD"), std::string::npos) << result.unread->field_names;
  }
  const auto provider = account("africastalking", R"({"username":"u","api_key":"k"})");
  const auto unread = provider
                          ->receive({"POST",
                                     "https://x.example/cb?tok=s",
                                     {{"Content-Type", "Text/XML"}},
                                     "<text id=\"7\">pay 5</text>&name=secret&status="},
                                    now_s)
                          .unread;
  ASSERT_TRUE(unread);
  EXPECT_EQ(unread->content_type, "Text/XML");
  EXPECT_EQ(unread->field_names, "name, status, tok");
  // What is meant to say nothing is no fault.
  const auto phone = account("android-smsgate", R"({"username":"u","password":"p","signing_key":"key"})");
  EXPECT_FALSE(phone
                   ->receive(signed_by({"android-smsgate", "", 0, "", "", ""},
                                       {"POST", url, {}, R"({"event":"system:ping","payload":{}})"}),
                             now_s)
                   .unread);
}

TEST(EveryKind, BoundsIdsAndMakesThemPrintable) {
  const std::string vast(60'000, 'x');
  for (const auto& row : rows) {
    SCOPED_TRACE(row.kind);
    if (*row.id && row.status) {
      const auto verdict = account(row)->read({row.status, {}, replaced(row.reply, "A1", vast)}, sms, now_s);
      // A pattern that sees the beginning only may find no id.
      for (const auto& id : verdict.provider_message_ids) EXPECT_EQ(id.size(), id_max_bytes);
    }
    if (*row.callback) {
      const auto receive = [&](const std::string& id) {
        const auto result =
            account(row)->receive(signed_by(row, {"POST", url, {}, replaced(row.callback, "A1", id)}), now_s);
        return result.updates.empty() ? std::string() : result.updates[0].provider_message_id;
      };
      EXPECT_EQ(receive(vast).size(), id_max_bytes);
      EXPECT_EQ(receive(vast), receive(vast));
      EXPECT_NE(receive(vast), receive(vast + "y"));
      EXPECT_EQ(receive(is_json(row.callback) ? "A\\u001b[2J\x7F" : "A%1B[2J%7F"), "A\xEF\xBF\xBD[2J\xEF\xBF\xBD");
      EXPECT_EQ(receive("A\xC3\xA9\xFFZ"), "A\xC3\xA9\xC3\xBFZ");
      // The reference is kept with a receipt that waits, like the id.
      const auto named =
          account(row)->receive(signed_by(row, {"POST", url + vast, {}, std::string(row.callback)}), now_s);
      ASSERT_EQ(named.updates.size(), 1u);
      EXPECT_LE(named.updates[0].reference.size(), id_max_bytes);
    }
  }
}

TEST(EveryKind, BlamesTheAccountOnlyForWhatIsTheAccounts) {
  const auto at = [](std::string code, std::string status = "x") {
    return R"({"SMSMessageData":{"Message":"Sent to 0/1","Recipients":[{"number":"+254700000101","status":")" + status +
           R"(","statusCode":)" + code + "}]}}";
  };
  const auto infobip = [](int group, int id, int error = 0) {
    return R"({"messages":[{"messageId":"m","status":{"groupId":)" + std::to_string(group) + R"(,"id":)" +
           std::to_string(id) + R"(},"error":{"id":)" + std::to_string(error) + "}}]}";
  };
  const auto vonage = [](std::string status, std::string words) {
    return R"({"messages":[{"status":")" + status + R"(","error-text":")" + words + R"("}]})";
  };
  const struct {
    const char* kind;
    const char* what;
    Reply reply;
    ErrorClass error_class;
    bool one_number = false;
  } verdicts[] = {
      {"africastalking", "held for its risk", {201, {}, at("401", "RiskHold")}, ErrorClass::account, true},
      {"africastalking", "no credit for it", {201, {}, at("405", "InsufficientBalance")}, ErrorClass::balance, true},
      {"africastalking", "bad number", {201, {}, at("403")}, ErrorClass::destination},
      {"africastalking", "key", {401, {}, "The supplied authentication is invalid"}, ErrorClass::auth},
      {"infobip", "flooding of one number", {200, {}, infobip(5, 20)}, ErrorClass::throttled, true},
      {"infobip", "flooding, by error", {200, {}, infobip(5, 4, 4103)}, ErrorClass::throttled, true},
      {"infobip", "flooding with equal texts", {200, {}, infobip(5, 4, 4104)}, ErrorClass::throttled, true},
      {"infobip", "not registered", {200, {}, infobip(5, 18)}, ErrorClass::account, true},
      {"infobip", "no credit", {200, {}, infobip(5, 12)}, ErrorClass::balance},
      {"infobip", "bad number", {200, {}, infobip(5, 52)}, ErrorClass::destination},
      {"infobip", "too many requests", {429, {}, "{}"}, ErrorClass::throttled},
      {"telerivet",
       "our text in its words",
       {400, {}, R"({"error":{"code":"invalid_param","param":"content","message":"bad: Your loan balance is 7"}})"},
       ErrorClass::content},
      {"telerivet",
       "its parameter under a status of the account",
       {402, {}, R"({"error":{"code":"invalid_param","param":"to_number","message":"no credit"}})"},
       ErrorClass::destination},
      {"telerivet",
       "words without a code",
       {400, {}, R"({"error":{"code":"x","message":"credit, quota, balance"}})"},
       ErrorClass::invalid_request},
      {"telerivet", "credit", {400, {}, R"({"error":{"code":"insufficient_credit"}})"}, ErrorClass::balance},
      {"twilio", "not verified", {400, {}, R"({"code":21608,"message":"balance"})"}, ErrorClass::account, true},
      {"twilio", "suspended", {400, {}, R"({"code":20005})"}, ErrorClass::account},
      {"twilio", "bad number", {400, {}, R"({"code":21211})"}, ErrorClass::destination},
      {"vonage-sms", "not on its list", {200, {}, vonage("29", "x")}, ErrorClass::account, true},
      {"vonage-sms", "no credit", {200, {}, vonage("9", "x")}, ErrorClass::balance},
      {"vonage-sms", "bad number", {200, {}, vonage("3", "Invalid value for param: to")}, ErrorClass::destination},
      {"vonage-messages", "not on its list", {403, {}, R"({"title":"1160"})"}, ErrorClass::account, true},
      {"vonage-messages",
       "words about credit",
       {422, {}, R"({"title":"Invalid params","detail":"low balance"})"},
       ErrorClass::invalid_request},
      {"android-smsgate", "bad number", {400, {}, R"({"message":"invalid phone number"})"}, ErrorClass::destination},
      {"android-smsgate", "no phone", {400, {}, R"({"message":"no devices found"})"}, ErrorClass::config},
      {"jasmin",
       "validity is not for this user",
       {400, {}, R"(Error "Authorization failed for user [u] (Setting validity period not authorized).")"},
       ErrorClass::config,
       true},
      {"jasmin",
       "filter of a message's priority",
       {400, {}, R"(Error "Value filter failed for user [u] (priority filter mismatch).")"},
       ErrorClass::config,
       true},
      {"jasmin",
       "may not send",
       {400, {}, R"(Error "Authorization failed for user [u] (Cannot send MT messages).")"},
       ErrorClass::auth},
      {"jasmin", "no money", {403, {}, R"(Error "Cannot charge submit_sm, check")"}, ErrorClass::balance},
      {"kannel", "no route", {403, {}, "Not routable. Do not try again."}, ErrorClass::route},
      {"kannel", "key", {403, {}, "Authorization failed for sendsms"}, ErrorClass::auth},
      {"generic", "too much for one number", {200, {}, R"({"code":20})"}, ErrorClass::throttled, true},
  };
  for (const auto& row : verdicts) {
    SCOPED_TRACE(std::string(row.kind) + ": " + row.what);
    const auto* of_kind = std::ranges::find(rows, std::string_view(row.kind), &Row::kind);
    const auto verdict = account(*of_kind)->read(row.reply, sms, now_s);
    EXPECT_EQ(name(verdict.outcome), name(Outcome::rejected));
    EXPECT_EQ(name(verdict.error_class), name(row.error_class));
    EXPECT_EQ(verdict.one_number, row.one_number);
    EXPECT_EQ(name(verdict.retry), name(default_retry(row.error_class)));
    EXPECT_EQ(verdict.detail.find(sms.text), std::string::npos);
  }
}

TEST(EveryKind, OurOwnTextDecidesNothing) {
  const auto phone = account("android-smsgate", R"({"username":"u","password":"p"})");
  const auto vonage = account("vonage-sms", R"({"api_key":"k","api_secret":"s"})");
  const OutboundSms about{.reference = "m", .to = "+254700000101", .text = "Your phone number or device: 'to'"};
  EXPECT_EQ(
      name(phone->read({400, {}, R"({"message":"refused: your Phone number or device: 'to'"})"}, about, 0).error_class),
      name(ErrorClass::invalid_request));
  EXPECT_EQ(
      name(vonage
               ->read({200,
                       {},
                       R"({"messages":[{"status":"3","error-text":"bad text Your phone number or device: 'to'"}]})"},
                      about, 0)
               .error_class),
      name(ErrorClass::invalid_request));
}

TEST(EveryKind, BlamesTheAccountAlikeForTheSameStatus) {
  const std::pair<int, ErrorClass> statuses[] = {
      {301, ErrorClass::config}, {302, ErrorClass::config}, {307, ErrorClass::config},  {308, ErrorClass::config},
      {401, ErrorClass::auth},   {403, ErrorClass::auth},   {402, ErrorClass::balance}, {404, ErrorClass::config},
      {405, ErrorClass::config}, {407, ErrorClass::auth},
  };
  for (const auto& row : rows) {
    if (row.status == 0) continue;
    const bool trigger = std::string_view(row.settings).find("trigger") != std::string_view::npos;
    for (const auto& [status, error_class] : statuses)
      for (const auto* body : {"", "<html>moved</html>", "{}"}) {
        if (trigger && status == 403) continue;  // its own: no such path
        const auto verdict = account(row)->read({status, {}, body}, sms, now_s);
        EXPECT_EQ(name(verdict.error_class), name(error_class)) << row.kind << " " << status << " " << body;
        EXPECT_FALSE(verdict.one_number);
      }
  }
}

TEST(Twilio, SignaturesWithAndWithoutPort) {
  const auto provider = account("twilio", R"({"account_sid":"AC1","auth_token":"tok"})");
  const std::string path = "/in/tw/s?ref=1f3a5c-1", body = "MessageSid=A1&MessageStatus=delivered";
  const auto authentic = [&](const std::string& called, const std::string& covered) {
    const auto signature = base64(hmac(Hash::sha1, "tok", covered + path + "MessageSidA1MessageStatusdelivered"));
    return provider
        ->receive({"POST",
                   called + path,
                   {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Twilio-Signature", signature}},
                   body},
                  0)
        .authentic;
  };
  EXPECT_TRUE(authentic("https://h.example:8443", "https://h.example"));
  EXPECT_TRUE(authentic("https://h.example:8443", "https://h.example:8443"));
  EXPECT_TRUE(authentic("https://h.example", "https://h.example:443"));
  EXPECT_TRUE(authentic("http://h.example", "http://h.example:80"));
  EXPECT_TRUE(authentic("https://[::1]:8443", "https://[::1]"));
  EXPECT_TRUE(authentic("https://[::1]", "https://[::1]:443"));
  EXPECT_FALSE(authentic("https://h.example:8443", "https://h.example:9443"));
  EXPECT_FALSE(authentic("https://h.example", "https://other.example"));
}

TEST(Queries, BeginAgainBehindOurAddressOnly) {
  const auto value = [](const std::string& query, std::string_view name) {
    return word_of(query_fields("https://h/in/g/s?" + query), name);
  };
  EXPECT_EQ(value("ref=a-1?id=7", "id"), "7");
  EXPECT_EQ(value("ref=a-1?id=7", "ref"), "a-1");
  EXPECT_EQ(value("tok=s&ref=a-1?id=7&st=1", "tok"), "s");
  EXPECT_EQ(value("text=how+are+you?x=1&id=7", "text"), "how are you?x=1");
  EXPECT_EQ(value("text=really?&id=7", "text"), "really?");
  EXPECT_EQ(value("text=a?b&id=7", "text"), "a?b");
  EXPECT_EQ(value("id=7", "ref"), "");
}

TEST(TrunkPrefix, IsAsInTheNumberingPlans) {
  std::set<std::string_view> seen;
  for (const auto& plan : bridge::text::numbering_plans()) {
    if (plan.country.empty()) continue;                    // of no country, so there is no national form
    if (!seen.insert(plan.calling_code).second) continue;  // the main country is first
    const auto prefix = plan.national_prefix;
    const bool digits = prefix.find_first_not_of("0123456789") == std::string_view::npos;
    const bool zero = prefix.starts_with("0") || prefix.starts_with("(?:0") || prefix.starts_with("[0") ||
                      prefix.ends_with("|0") || prefix.ends_with(")0?)");
    const std::string_view wanted = plan.calling_code == "375" ? "8" : digits ? prefix : zero ? "0" : "";
    EXPECT_EQ(trunk_prefix(plan.calling_code), wanted == "1" ? "" : wanted) << plan.country;
  }
  EXPECT_GT(seen.size(), 200u);
}

}  // namespace
}  // namespace smsbridge::http_gateways
