// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/http_client.hpp"

#include <sstream>

namespace smsbridge::simulation {

using namespace std::chrono_literals;

namespace {

constexpr Duration patience = 20s;

}  // namespace

void HttpClient::ask(std::uint16_t port, Request request, Answered answered) {
  request.version(11);
  request.set(http::field::host, "bridge");
  if (random_.chance(0.2)) request.keep_alive(false);
  request.prepare_payload();
  std::ostringstream octets;
  octets << request;
  const auto found = session_for(port);
  auto& [number, session] = *found;
  session.unsent = octets.str();
  session.answered = std::move(answered);
  session.asked = ++asked_;
  session.parser.emplace();
  clock_.after(patience, [this, number = number, asked = asked_] {
    const auto waiting = sessions_.find(number);
    if (waiting != sessions_.end() && waiting->second.asked == asked && waiting->second.answered)
      finish(number, std::nullopt, false);
  });
  if (session.connection)
    send(session);
  else
    network_.call(port, *this, number);
}

// One that is kept, or a new one.
HttpClient::Sessions::iterator HttpClient::session_for(std::uint16_t port) {
  const auto kept = std::ranges::find_if(
      sessions_, [&](const auto& each) { return each.second.port == port && !each.second.answered; });
  if (kept != sessions_.end()) return kept;
  const auto made = sessions_.try_emplace(++last_session_).first;
  made->second.port = port;
  return made;
}

// Some write the header first, and the body a moment later.
void HttpClient::send(Session& session) {
  auto octets = std::exchange(session.unsent, {});
  if (const auto body = octets.find("\r\n\r\n") + 4; body < octets.size() && random_.chance(0.2)) {
    clock_.after(
        std::chrono::milliseconds(random_.between(1, 2000)),
        [this, connection = *session.connection, rest = octets.substr(body)] { network_.send(connection, rest); });
    octets.resize(body);
  }
  network_.send(*session.connection, std::move(octets));
}

void HttpClient::connected(std::uint64_t number, std::uint64_t connection) {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return network_.finish(connection);  // it did not wait so long
  found->second.connection = connection;
  send(found->second);
}

void HttpClient::received(std::uint64_t number, const std::string& octets) {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return;
  auto& buffer = found->second.buffer;
  auto& parser = found->second.parser;
  buffer.commit(boost::asio::buffer_copy(buffer.prepare(octets.size()), boost::asio::buffer(octets)));
  if (!found->second.answered) return finish(number, std::nullopt, false);  // nobody asked
  boost::system::error_code ec;
  while (buffer.size() > 0 && !parser->is_done() && !ec) buffer.consume(parser->put(buffer.data(), ec));
  if (ec && ec != http::error::need_more) throw std::logic_error("an answer that is not HTTP: " + ec.message());
  if (!parser->is_done()) return;
  auto response = parser->release();
  const bool keep = response.keep_alive() && buffer.size() == 0;
  finish(number, std::move(response), keep);
}

void HttpClient::closed(std::uint64_t number) {
  if (sessions_.contains(number)) finish(number, std::nullopt, false);
}

void HttpClient::finish(std::uint64_t number, std::optional<Response> response, bool keep) {
  const auto found = sessions_.find(number);
  auto answered = std::exchange(found->second.answered, nullptr);
  const auto connection = found->second.connection;
  if (!keep) sessions_.erase(found);
  // The far end of a connection that has ended is gone already.
  if (!keep && connection) network_.finish(*connection);
  if (answered) answered(std::move(response));
}

}  // namespace smsbridge::simulation
