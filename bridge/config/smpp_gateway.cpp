// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/smpp_gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <tuple>

#include "bridge/config/carrier_profile.hpp"
#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/smpp_dialect.hpp"
#include "bridge/text/control.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

using G = GatewaySettings;
using smpp::ClientConfig;

template <class Value>
auto of_bind(Value SmppSettings::*value) {
  return [value](G& gateway) -> Value& { return gateway.smpp().*value; };
}
template <class Value>
auto of_bind(Value ClientConfig::*value) {
  return [value](G& gateway) -> Value& { return gateway.smpp().session.*value; };
}

// A name or an address, and nothing around it; brackets of an address are taken off.
bool is_host(std::string& host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code no_address;
  // Behind the colon of anything else stands a port.
  if (host.find(':') != std::string::npos) std::ignore = boost::asio::ip::make_address_v6(host, no_address);
  return !host.empty() && host.find_first_of("/@ \t[]") == std::string::npos && !text::has_control(host) && !no_address;
}

void check_host(ConfigSection& s, G& gateway) {
  auto& host = gateway.smpp().address.host;
  if (host.empty() || is_host(host)) return;
  s.problem("host", "'" + host + "' is not a name or an address: no scheme, path or port", "bad-value");
  host.clear();  // nothing more is to be said of it
}

// "smsc2.example:2775", "[2001:db8::1]:2775", or without a port: then that of the first host.
std::optional<Address> host_and_port(std::string text, std::uint16_t usual_port) {
  Address address{.host = std::move(text), .port = usual_port, .tls = {}};
  const auto colon = address.host.rfind(':');
  const bool has_port =
      colon != std::string::npos && (address.host.find(':') == colon || address.host.find("]:") + 1 == colon);
  if (has_port) {
    const auto* const end = address.host.data() + address.host.size();
    const auto [read_to, ec] = std::from_chars(address.host.data() + colon + 1, end, address.port);
    if (ec != std::errc() || read_to != end || address.port == 0) return std::nullopt;
    address.host.resize(colon);
  }
  if (!is_host(address.host)) return std::nullopt;
  return address;
}

void read_other_hosts(ConfigSection& s, G& gateway) {
  constexpr std::size_t hosts_max = 16;
  std::vector<std::string> texts;
  s.read_texts("other_hosts", texts);
  auto& way = gateway.smpp();
  if (texts.size() >= hosts_max)
    return s.problem("other_hosts", fmt::format("has more than {} hosts", hosts_max - 1), "bad-value");
  for (const auto& text : texts) {
    auto other = host_and_port(text, way.address.port);
    if (!other) {
      s.problem("other_hosts", "'" + text + "' is not a host such as smsc2.example:2775", "bad-value");
      continue;
    }
    const auto is_same = [&](const Address& known) { return known.host == other->host && known.port == other->port; };
    if (std::ranges::any_of(way.addresses(), is_same))
      s.problem("other_hosts", "'" + text + "' stands here twice, or is 'host' and 'port'", "duplicate");
    else
      way.other_hosts.push_back(*std::move(other));
  }
}

// Whoever wrote them thinks of hosts that are not there.
void check_use_hosts(ConfigSection& s, G& gateway) {
  const auto& way = gateway.smpp();
  for (const auto* key : {"use_hosts", "return_after"})
    if (s.is_given(key) && !s.is_given("other_hosts")) s.problem(key, "is of no use without other_hosts", "missing");
  if (way.use_hosts == SmppSettings::UseHosts::spread && way.sessions <= static_cast<int>(way.other_hosts.size()))
    s.problem("use_hosts",
              fmt::format("{} sessions cannot be spread over {} hosts: some stay empty until another fails",
                          way.sessions, way.other_hosts.size() + 1),
              "unusual", true);
}

// What does not fit into a bind would never be sent, and a bind that was cut would only lock the account.
Keys<G>::Read fits_a_bind(const char* key, std::string ClientConfig::*value, std::size_t size_max) {
  return [key, value, size_max](ConfigSection& s, G& gateway) {
    const auto& text = gateway.smpp().session.*value;
    if (text.size() > size_max)
      s.problem(key, fmt::format("is longer than {} characters: a bind cannot carry it", size_max), "bad-value");
    else if (text.find('\0') != std::string::npos)
      s.problem(key, "contains a NUL: a bind cannot carry it", "bad-value");
  };
}

void check_system_id(ConfigSection& s, G& gateway) {
  constexpr std::size_t standard = 15, most = 64;
  fits_a_bind("system_id", &ClientConfig::system_id, most)(s, gateway);
  if (const auto size = gateway.smpp().session.system_id.size(); size > standard && size <= most)
    s.problem("system_id", "is longer than the 15 characters of SMPP 3.4; some message centres take it", "unusual",
              true);
}

void check_enquire_link(ConfigSection& s, G& gateway) {
  const auto interval = gateway.smpp().session.enquire_link_interval;
  if (interval > 0s && interval < 5s)
    s.problem("enquire_link_interval", "is shorter than 5s, which carriers take amiss; 0s is off", "bad-value");
}

// One data_coding cannot mean two alphabets.
void check_alphabets(ConfigSection& s, G& gateway) {
  using text::Charset;
  const auto& way = gateway.smpp();
  const auto& dialect = way.dialect;
  const bool no_gsm7 =
      way.charset == Charset::latin1 || way.charset == Charset::latin1_ucs2 || way.charset == Charset::ucs2;
  if (dialect.latin1_coding == dialect.gsm7_coding && !no_gsm7)
    s.problem("charset",
              "uses the GSM alphabet as data_coding 0, which dialect.latin1_data_coding says is Latin-1: set "
              "dialect.gsm7_data_coding to 1, or charset to latin1_ucs2 or latin1",
              "bad-value");
}

// What a version of SMPP does not have would be refused by the centre, or not understood.
void check_version(ConfigSection& s, G& gateway) {
  const auto& way = gateway.smpp();
  const auto& fields = way.fields;
  if (!way.has_tlvs()) {
    const char* const why = "goes by TLVs, which SMPP 3.3 does not have";
    if (way.concat == text::Concat::sar || way.concat == text::Concat::payload)
      s.problem("concat", std::string(why) + ": udh8 or udh16 number parts in their text", "bad-value");
    if (way.dialect.flash == smpp::Flash::tlv) s.problem("dialect", std::string("flash: tlv ") + why, "bad-value");
    if (!fields.tlvs.empty()) s.problem("tlvs", why, "bad-value");
    for (std::size_t i = 0; i < fields.senders.size(); ++i)
      if (!fields.senders[i].tlvs.empty()) s.problem_in("senders", i, "tlvs", why, "bad-value");
    if (way.bind == SmppSettings::Bind::transceiver)
      s.problem("bind", "SMPP 3.3 has no transceivers: most centres of that version take 'pair'", "unusual", true);
  }
  if (way.session.interface_version >= smpp::version_50) return;
  constexpr std::uint8_t most = 3;  // SMPP 3.4 section 5.2.14
  if (fields.priority > most) s.problem("priority", "4 is of SMPP 5.0, see interface_version", "bad-value");
  if (std::ranges::any_of(fields.lane_priority, [](const auto& lane) { return lane.value_or(0) > most; }))
    s.problem("lane_priority", "4 is of SMPP 5.0, see interface_version", "bad-value");
  if (fields.registered_delivery == SubmitFields::Receipts::success)
    s.problem("registered_delivery", "'success' is of SMPP 5.0, see interface_version", "bad-value");
}

void check_reconnect(ConfigSection& s, G& gateway) {
  const auto& way = gateway.smpp();
  check_first_delay(s, "reconnect_first", way.reconnect_first / 1ms, "reconnect_max", way.reconnect_max / 1ms);
}

Choices<std::uint8_t> language_choices() {
  Choices<std::uint8_t> choices;
  for (const auto& language : smpp::national_languages()) choices.emplace_back(language.iso, language.id);
  return choices;
}

using Key = Keys<G>::Key;

std::vector<Key> account_keys() {
  using K = Keys<G>;
  constexpr std::size_t password_max = 64, system_type_max = 12, address_range_max = 40;
  return {
      // First: what it lends is read with the rest.
      K::text("profile", of_bind(&SmppSettings::profile),
              "What is known of this kind of carriers, see 'smsbridge config profiles'; the gateway's own keys win")
          .checked([](ConfigSection& s, G& g) {
            if (auto& way = g.smpp(); !way.profile.empty()) way.from_profile = lend_profile(s, way.profile);
          }),
      K::text(
          "host", [](G& g) -> std::string& { return g.smpp().address.host; }, "The carrier's message centre")
          .needed()
          .address()
          .checked(check_host),
      K::integer(
          "port", [](G& g) -> std::uint16_t& { return g.smpp().address.port; }, 1, 65535, "Its port")
          .needed()
          .address(),
      K::special("other_hosts", KeyInfo::Type::texts, read_other_hosts,
                 "More hosts of the same carrier and account, such as smsc2.example:2775")
          .address(),
      K::text("system_id", of_bind(&ClientConfig::system_id), "Name of the account").needed().checked(check_system_id),
      K::secret("password", of_bind(&ClientConfig::password), "Its password")
          .needed_in_file()
          .checked(fits_a_bind("password", &ClientConfig::password, password_max)),
      K::text("system_type", of_bind(&ClientConfig::system_type), "Where the carrier asks for one")
          .checked(fits_a_bind("system_type", &ClientConfig::system_type, system_type_max)),
      K::text("address_range", of_bind(&ClientConfig::address_range), "Where the carrier asks for one")
          .checked(fits_a_bind("address_range", &ClientConfig::address_range, address_range_max)),
      K::integer("addr_ton", of_bind(&ClientConfig::addr_ton), 0, 255, "Type of number of address_range"),
      K::integer("addr_npi", of_bind(&ClientConfig::addr_npi), 0, 255, "Numbering plan of address_range"),
  };
}

std::vector<Key> session_keys() {
  using K = Keys<G>;
  using S = SmppSettings;
  return {
      K::choice(
          "bind", of_bind(&S::bind),
          Choices<S::Bind>{
              {"transceiver", S::Bind::transceiver}, {"pair", S::Bind::pair}, {"transmitter", S::Bind::transmitter}},
          "Kind of each session; a pair is a transmitter and a receiver"),
      K::choice(
          "interface_version", of_bind(&ClientConfig::interface_version),
          // As a number, 5.0 is written as 5 by most programs.
          Choices<std::uint8_t>{
              {"3.3", smpp::version_33}, {"3.4", smpp::version_34}, {"5.0", smpp::version_50}, {"5", smpp::version_50}},
          "Version of SMPP: 3.3 has no TLVs, 5.0 tells when the centre is congested"),
      K::integer("sessions", of_bind(&S::sessions), 1, 100, "Binds that are kept"),
      K::choice("use_hosts", of_bind(&S::use_hosts),
                Choices<S::UseHosts>{{"failover", S::UseHosts::failover}, {"spread", S::UseHosts::spread}},
                "All sessions on the first host that is good, or spread over all"),
      K::duration("return_after", of_bind(&S::return_after), 1s, 24h,
                  "A host that failed was good for so long, then its sessions go back to it")
          .checked(check_use_hosts),
      K::integer("window", of_bind(&ClientConfig::window), 1, 10000,
                 "Requests without an answer on one session, at most"),
      K::duration("enquire_link_interval", of_bind(&ClientConfig::enquire_link_interval), 0s, 1h,
                  "Silence after which the link is checked; 0s: never")
          .checked(check_enquire_link),
      K::duration("bind_timeout", of_bind(&ClientConfig::bind_timeout), 5s, 5min,
                  "How long the answer to a bind is waited for"),
      K::duration("response_timeout", of_bind(&ClientConfig::response_timeout), 1s, 10min,
                  "After it a submit is in doubt"),
      K::duration("reconnect_first", of_bind(&S::reconnect_first), 10ms, 10min,
                  "Wait before the next connection; it doubles"),
      K::duration("reconnect_max", of_bind(&S::reconnect_max), 10ms, 1h, "The longest wait before the next connection")
          .checked(check_reconnect),
      K::duration("refused_delay", of_bind(&S::refused_delay), 1s, 24h, "Wait after the carrier refused the account"),
      K::duration("unbind_wait", of_bind(&S::unbind_wait), 0s, 1h,
                  "Wait after the carrier unbound, or said that we are bound already"),
  };
}

std::vector<Key> message_keys() {
  using K = Keys<G>;
  using S = SmppSettings;
  using text::Charset, text::Concat;
  return {
      K::choice("charset", of_bind(&S::charset),
                Choices<Charset>{{"auto", Charset::automatic},
                                 {"gsm7", Charset::gsm7},
                                 {"latin1", Charset::latin1},
                                 {"ucs2", Charset::ucs2},
                                 {"gsm7_latin1", Charset::gsm7_latin1},
                                 {"latin1_ucs2", Charset::latin1_ucs2}},
                "GSM 7 bit if the text allows, else UCS-2; or forced; or Latin-1 before UCS-2"),
      K::several<std::uint8_t>("national", of_bind(&S::national), language_choices(),
                               "Languages whose national tables this carrier passes on"),
      K::choice(
          "national_tables", of_bind(&S::national_tables),
          Choices<S::Tables>{{"both", S::Tables::both}, {"single", S::Tables::single}, {"locking", S::Tables::locking}},
          "Which of their tables"),
      K::choice(
          "concat", of_bind(&S::concat),
          Choices<Concat>{
              {"udh8", Concat::udh8}, {"udh16", Concat::udh16}, {"sar", Concat::sar}, {"payload", Concat::payload}},
          "How long texts go"),
      K::choice(
          "validity_period", of_bind(&S::validity),
          Choices<S::Validity>{
              {"relative", S::Validity::relative}, {"absolute", S::Validity::absolute}, {"none", S::Validity::none}},
          "How the carrier is told how long to try"),
      K::boolean("query", of_bind(&S::query),
                 "The carrier answers query_sm: it is asked when a receipt does not come. What got no answer has no id "
                 "to ask by"),
      K::boolean("cancel", of_bind(&S::cancel), "The carrier answers cancel_sm: what it has can be cancelled"),
      K::section<smpp::Dialect>("dialect", of_bind(&S::dialect), dialect_keys(), "What this carrier does differently")
          .checked(check_alphabets),
  };
}

std::vector<Key> field_keys() {
  return submit_field_keys().within<G>([](G& g) -> SubmitFields& { return g.smpp().fields; });
}

}  // namespace

const Keys<GatewaySettings>& smpp_keys() {
  static const Keys<G> keys = [] {
    auto all = account_keys();
    for (auto* more : {session_keys, message_keys, field_keys})
      for (auto& key : more()) all.push_back(std::move(key));
    return Keys<G>(std::move(all), check_version);
  }();
  return keys;
}

}  // namespace smsbridge::bridge
