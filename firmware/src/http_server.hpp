#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "gauge/http_request.hpp"
#include "gauge/portal_pages.hpp"
#include "gauge/text.hpp"
#include "gauge/time.hpp"

namespace gauge {

// A few connections at a time on sockets that never wait, so that neither a slow client nor a silent one holds the
// task, or another client. Arduino's WebServer waits in the middle of a request for as long as bytes trickle in, and
// takes a body of any length. Sockets are those of lwIP and of POSIX alike: this file runs on the host as it is.
class HttpServer {
 public:
  // `local_address`: the one that was called, as in_addr has it; never 0.
  using Handler = std::function<void(const HttpRequest&, std::uint32_t local_address, HttpAnswer&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)) {}
  ~HttpServer() { stop(); }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // False: the port is taken, or there are no sockets or no memory left.
  bool begin(std::uint32_t address, std::uint16_t port);
  void stop();
  void poll(Millis now);

  std::uint16_t port() const;  // where it listens, 0 is replaced by a free one
  bool idle() const;           // every answer is gone

 private:
  static constexpr int kNone = -1;
  enum class Stage : std::uint8_t { free, reading, sending, leaving };
  struct Connection {
    Stage stage = Stage::free;
    int socket = kNone;
    Millis since = 0;  // of the stage
    HttpRequest request;
    HttpAnswer answer;
    Text<256> head;
    std::size_t sent = 0;  // of head and content
  };

  void accept_one(Millis now);
  Connection* place();
  void serve(Connection& connection, Millis now);
  void receive(Connection& connection, Millis now);
  void answer(Connection& connection, Millis now);
  void send(Connection& connection, Millis now);
  static void drop(Connection& connection);

  const Handler handler_;
  int listening_ = kNone;
  // A browser opens two or three at once, one of them in advance and silent. 23 KB, so only while it listens.
  using Connections = std::array<Connection, 3>;
  std::unique_ptr<Connections> connections_;
};

}  // namespace gauge
