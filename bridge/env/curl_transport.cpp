// SPDX-License-Identifier: MPL-2.0
// libcurl's multi interface driven by Asio: curl says which sockets it waits for and when it wants to be called, and we
// tell it what happened.
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <stdexcept>
#include <unordered_map>

#include "bridge/env/content_coding.hpp"
#include "bridge/env/http_call.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/env/log.hpp"
#include "bridge/env/tls_pins.hpp"
#include "bridge/text/control.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;

// A connection that was idle for longer is not used again: the provider may be closing it just now, and a request that
// meets the end of its connection is a message in doubt.
constexpr long idle_max_s = 20;

class CurlTransport : public HttpTransport, public std::enable_shared_from_this<CurlTransport> {
 public:
  CurlTransport(asio::any_io_executor executor, const HttpOptions& options)
      : executor_(std::move(executor)), options_(options), timer_(executor_) {
    initialise_curl();
    if (!options_.tls.fingerprints.empty()) pins_.emplace(options_.tls.fingerprints, options_.tls.verify);
    multi_ = ::curl_multi_init();
    if (!multi_) throw std::runtime_error("libcurl has no memory");
    set(CURLMOPT_SOCKETFUNCTION, &CurlTransport::on_socket);
    set(CURLMOPT_SOCKETDATA, this);
    set(CURLMOPT_TIMERFUNCTION, &CurlTransport::on_timer);
    set(CURLMOPT_TIMERDATA, this);
    // Those in use count: with fewer, each answer would end a connection.
    set(CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections_max));
    set(CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.connections_max));
  }

  ~CurlTransport() override {
    for (auto& [handle, transfer] : transfers_) ::curl_multi_remove_handle(multi_, handle);
    transfers_.clear();
    ::curl_multi_cleanup(multi_);
  }

  void send(http_gateways::Request request, Done done) override {
    auto transfer = std::make_unique<Transfer>();
    auto* handle = ::curl_easy_init();
    if (!handle) throw std::runtime_error("libcurl has no memory");
    transfer->handle.reset(handle);
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    transfer->answer_bytes_max = options_.answer_bytes_max;
    transfer->targets = &options_.targets;
    if (breaks_a_line(transfer->request)) {
      transfer->refused = "the address or a header of the request holds a control character";
      return finish(std::move(transfer), CURLE_ABORTED_BY_CALLBACK);
    }
    prepare(*transfer);
    transfers_.emplace(handle, std::move(transfer));
    ::curl_multi_add_handle(multi_, handle);  // curl asks to be called by its timer
  }

  void abort() override {
    for (auto& [handle, transfer] : std::exchange(transfers_, {})) {
      ::curl_multi_remove_handle(multi_, handle);
      finish(std::move(transfer), CURLE_ABORTED_BY_CALLBACK);
    }
  }

 private:
  struct EasyDeleter {
    void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
  };
  struct Transfer {
    std::unique_ptr<CURL, EasyDeleter> handle;
    std::unique_ptr<curl_slist, ListDeleter> headers, names;
    http_gateways::Request request;
    http_gateways::Reply reply;
    Done done;
    std::size_t answer_bytes_max = 0;
    const Targets* targets = nullptr;
    std::string refused;                  // why we did not let it go
    bool left = false, too_long = false;  // left: the request was, or is being, written
    std::array<char, CURL_ERROR_SIZE> error{};
  };
  struct Watched {
    explicit Watched(asio::any_io_executor executor) : descriptor(std::move(executor)) {}
    ~Watched() { descriptor.release(); }  // the socket is curl's
    asio::posix::stream_descriptor descriptor;
    int wanted = 0;
    bool reading = false, writing = false;
  };

  template <class Value>
  void set(CURLMoption option, Value value) {
    ::curl_multi_setopt(multi_, option, value);
  }

  void prepare(Transfer& t) {
    auto* const h = t.handle.get();
    const auto ms = [](Duration d) {
      return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
    };
    const auto put = [h](CURLoption option, auto value) { ::curl_easy_setopt(h, option, value); };
    put(CURLOPT_URL, t.request.url.c_str());
    put(CURLOPT_PROTOCOLS_STR, "http,https");
    put(CURLOPT_FOLLOWLOCATION, 0L);
    put(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    put(CURLOPT_NOSIGNAL, 1L);
    put(CURLOPT_QUICK_EXIT, 1L);  // does not wait for a name that is being looked up
    put(CURLOPT_PROXY, options_.proxy.c_str());
    put(CURLOPT_CONNECTTIMEOUT_MS, ms(options_.connect_timeout));
    put(CURLOPT_TIMEOUT_MS, ms(options_.request_timeout));
    put(CURLOPT_MAXAGE_CONN, idle_max_s);
    put(CURLOPT_TCP_NODELAY, 1L);
    if (pins_) {
      constexpr auto watch = [](CURL*, void* context, void* pins) {
        static_cast<TlsPins*>(pins)->watch(static_cast<ssl_ctx_st*>(context));
        return CURLE_OK;
      };
      put(CURLOPT_SSL_CTX_FUNCTION, +watch);
      put(CURLOPT_SSL_CTX_DATA, &*pins_);
    }
    put(CURLOPT_SSL_VERIFYPEER, options_.tls.verify || pins_ ? 1L : 0L);
    put(CURLOPT_SSL_VERIFYHOST, options_.tls.verify ? 2L : 0L);
    put(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.tls.ca_file.empty()) put(CURLOPT_CAINFO, options_.tls.ca_file.c_str());
    if (!options_.tls.certificate_file.empty()) put(CURLOPT_SSLCERT, options_.tls.certificate_file.c_str());
    if (!options_.tls.key_file.empty()) put(CURLOPT_SSLKEY, options_.tls.key_file.c_str());
    if (t.request.method == "GET") {
      put(CURLOPT_HTTPGET, 1L);
    } else {
      put(CURLOPT_POST, 1L);
      put(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.body.size()));
      put(CURLOPT_POSTFIELDS, t.request.body.data());
      if (t.request.method != "POST") put(CURLOPT_CUSTOMREQUEST, t.request.method.c_str());
    }
    curl_slist* list = nullptr;
    const auto add = [&list](const std::string& line) { list = ::curl_slist_append(list, line.c_str()); };
    for (const auto& [name, value] : t.request.headers) add(name + (value.empty() ? ";" : ": " + value));
    add("Expect:");  // no waiting for 100-continue
    add("User-Agent: smsbridge");
    t.headers.reset(list);
    put(CURLOPT_HTTPHEADER, list);
    curl_slist* names = nullptr;
    for (const auto& each : options_.names) names = ::curl_slist_append(names, each.c_str());
    t.names.reset(names);
    if (names) put(CURLOPT_RESOLVE, names);
    put(CURLOPT_ERRORBUFFER, t.error.data());
    put(CURLOPT_PRIVATE, &t);
    put(CURLOPT_WRITEFUNCTION, &CurlTransport::on_body);
    put(CURLOPT_WRITEDATA, &t);
    put(CURLOPT_HEADERFUNCTION, &CurlTransport::on_header);
    put(CURLOPT_HEADERDATA, &t);
    // curl repeats a request by itself when a kept connection ends before an answer; for an SMS that is one too many.
    put(CURLOPT_PREREQFUNCTION, &CurlTransport::on_request);
    put(CURLOPT_PREREQDATA, &t);
    put(CURLOPT_OPENSOCKETFUNCTION, &CurlTransport::on_open);
    put(CURLOPT_OPENSOCKETDATA, &t);
    put(CURLOPT_CLOSESOCKETFUNCTION, &CurlTransport::on_close);
    put(CURLOPT_CLOSESOCKETDATA, this);
  }

  static int on_request(void* data, char*, char*, int, int) {
    return std::exchange(static_cast<Transfer*>(data)->left, true) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
  }

  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* data) {
    auto& t = *static_cast<Transfer*>(data);
    if (t.reply.body.size() + size * count > t.answer_bytes_max) {
      t.too_long = true;
      return 0;
    }
    t.reply.body.append(bytes, size * count);
    return size * count;
  }

  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* data) {
    auto& t = *static_cast<Transfer*>(data);
    std::string_view line(bytes, size * count);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) t.reply.headers.clear();  // of an interim answer
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && t.reply.headers.size() < 100) {
      auto value = line.substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      t.reply.headers.emplace_back(line.substr(0, colon), value);
    }
    return size * count;
  }

  // Here and not by the name in the URL, which may stand for any address by now.
  static curl_socket_t on_open(void* data, curlsocktype, curl_sockaddr* to) {
    auto& t = *static_cast<Transfer*>(data);
    const auto address = ip_address(to->addr);
    if (!t.targets->all && !(address && t.targets->allow(*address))) {
      t.refused =
          "its address is private, which is for what stands in the configuration file, or for addresses listed in "
          "allow_private_targets";
      return CURL_SOCKET_BAD;
    }
    return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
  }

  static bool breaks_a_line(const http_gateways::Request& request) {
    return text::has_control(request.url) || std::ranges::any_of(request.headers, [](const auto& header) {
             return text::has_control(header.first) || text::has_control(header.second);
           });
  }

  static int on_close(void* data, curl_socket_t fd) {
    auto& self = *static_cast<CurlTransport*>(data);
    self.forget(fd);
    return ::close(fd);
  }

  // At once: a handler that runs may hold it for longer, and meanwhile curl goes on with the same descriptor, for
  // another transfer or another socket.
  void forget(curl_socket_t fd) {
    const auto node = watched_.extract(fd);
    if (!node.empty()) node.mapped()->descriptor.release();
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* data, void*) {
    auto& self = *static_cast<CurlTransport*>(data);
    if (what == CURL_POLL_REMOVE) {
      self.forget(fd);
      self.given_up_ = true;
      return 0;
    }
    auto& watched = self.watched_[fd];
    if (!watched) {
      watched = std::make_shared<Watched>(self.executor_);
      boost::system::error_code ec;
      watched->descriptor.assign(fd, ec);
      // No exception passes through curl. Its time limit ends the transfer.
      if (ec) log::error("http", "a socket cannot be watched", "detail", ec.message());
    }
    watched->wanted = what;
    self.wait(fd, watched);
    return 0;
  }

  void wait(curl_socket_t fd, const std::shared_ptr<Watched>& watched) {
    const auto start = [&](bool& running, asio::posix::descriptor_base::wait_type type, int event) {
      if (running) return;
      running = true;
      watched->descriptor.async_wait(type, [weak = weak_from_this(), fd, held = std::weak_ptr(watched), &running,
                                            event](boost::system::error_code ec) {
        const auto still = held.lock();
        if (!still) return;
        running = false;
        const auto self = weak.lock();
        if (!self || ec == asio::error::operation_aborted) return;
        self->act(fd, ec ? CURL_CSELECT_ERR : event);
        if (const auto it = self->watched_.find(fd); it != self->watched_.end() && it->second == still)
          self->wait(fd, still);
      });
    };
    if (watched->wanted & CURL_POLL_IN)
      start(watched->reading, asio::posix::descriptor_base::wait_read, CURL_CSELECT_IN);
    if (watched->wanted & CURL_POLL_OUT)
      start(watched->writing, asio::posix::descriptor_base::wait_write, CURL_CSELECT_OUT);
  }

  // Naive: wait for as long as curl says. But it says so rounded down, does nothing when called before its time, and
  // does not ask again for the same time: the next address of a name, or a time limit, then came when something else
  // happened, or never. So we come later by what may be missing, and ask ourselves when nothing is set afterwards.
  static int on_timer(CURLM*, long ms, void* data) {
    auto& self = *static_cast<CurlTransport*>(data);
    self.timer_set_ = ms >= 0;
    if (ms < 0) {
      self.timer_.cancel();
      return 0;
    }
    self.timer_.expires_after(std::chrono::milliseconds(ms == 0 ? 0 : ms + 1));
    self.timer_.async_wait([weak = self.weak_from_this()](boost::system::error_code ec) {
      const auto there = weak.lock();
      if (!there || ec) return;
      there->timer_set_ = false;
      there->given_up_ = false;
      there->act(CURL_SOCKET_TIMEOUT, 0);
      if (there->given_up_) there->go_on();
      long left = -1;
      ::curl_multi_timeout(there->multi_, &left);
      if (!there->timer_set_ && left >= 0) on_timer(there->multi_, std::max(left, 1L), there.get());
    });
    return 0;
  }

  // When an address did not answer in time curl gives it up, and begins with the next one only when it is called once
  // more, for which it sets no timer. This call, which an old interface is kept for, looks at every transfer.
  void go_on() {
    const auto self = shared_from_this();
    int running = 0;
    CURL_IGNORE_DEPRECATION(::curl_multi_socket_all(multi_, &running);)
    take_results();
  }

  void act(curl_socket_t fd, int events) {
    const auto self = shared_from_this();
    int running = 0;
    ::curl_multi_socket_action(multi_, fd, events, &running);
    take_results();
  }

  void take_results() {
    int left = 0;
    while (auto* message = ::curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;  // gone with the handle
      const auto it = transfers_.find(message->easy_handle);
      ::curl_multi_remove_handle(multi_, message->easy_handle);
      if (it == transfers_.end()) continue;
      auto transfer = std::move(it->second);
      transfers_.erase(it);
      finish(std::move(transfer), code);
    }
  }

  static std::string too_long(const Transfer& t) {
    return "the answer is longer than " + std::to_string(t.answer_bytes_max) + " octets";
  }

  void finish(std::unique_ptr<Transfer> t, CURLcode code) {
    Result result;
    long status = 0;
    ::curl_easy_getinfo(t->handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) {
      result.end = End::answered;
      result.reply = std::move(t->reply);
      result.reply.status = static_cast<int>(status);
      if (auto body = decoded_body(result.reply, t->answer_bytes_max)) {
        result.reply.body = std::move(*body);
      } else {
        result.end = End::perhaps_sent;
        result.detail = too_long(*t);
      }
    } else {
      result.end = t->left ? End::perhaps_sent : End::not_sent;
      result.timed_out = code == CURLE_OPERATION_TIMEDOUT;
      result.refused = !t->refused.empty();
      result.detail = t->too_long           ? too_long(*t)
                      : !t->refused.empty() ? t->refused
                      : t->error[0] != '\0' ? std::string(t->error.data())
                                            : std::string(::curl_easy_strerror(code));
      if (code == CURLE_PEER_FAILED_VERIFICATION && pins_) result.detail += pins_->refused();
    }
    asio::post(executor_,
               [done = std::move(t->done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  asio::any_io_executor executor_;
  const HttpOptions options_;
  std::optional<TlsPins> pins_;  // outlives all connections
  asio::steady_timer timer_;
  bool timer_set_ = false, given_up_ = false;
  CURLM* multi_ = nullptr;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
  std::map<curl_socket_t, std::shared_ptr<Watched>> watched_;
};

// Callbacks of curl and Asio hold it weakly; its owner has this.
class OwnedCurlTransport : public HttpTransport {
 public:
  OwnedCurlTransport(asio::any_io_executor executor, const HttpOptions& options)
      : transport_(std::make_shared<CurlTransport>(std::move(executor), options)) {}
  void send(http_gateways::Request request, Done done) override {
    transport_->send(std::move(request), std::move(done));
  }
  void abort() override { transport_->abort(); }

 private:
  std::shared_ptr<CurlTransport> transport_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_curl_transport(asio::any_io_executor executor, const HttpOptions& options) {
  return std::make_unique<OwnedCurlTransport>(std::move(executor), options);
}

}  // namespace smsbridge::bridge
