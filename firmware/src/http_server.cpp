#include "http_server.hpp"

#include <errno.h>
#include <fcntl.h>
#include <lwip/sockets.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

namespace gauge {
namespace {

// From the first byte's connection on: a form over bad Wi-Fi is there in a fraction of it.
constexpr Millis kReadingMs = 3'000;
constexpr Millis kSendingMs = 10'000;
// So long the other side may take to read the last bytes before the socket is gone.
constexpr Millis kLeavingMs = 1'000;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "200 OK";
    case 302:
      return "302 Found";
    case 400:
      return "400 Bad Request";
    case 401:
      return "401 Unauthorized";
    case 403:
      return "403 Forbidden";
    case 404:
      return "404 Not Found";
    case 413:
      return "413 Content Too Large";
    case 422:
      return "422 Unprocessable Content";
    default:
      return "500 Internal Server Error";
  }
}

// 0: unknown.
std::uint32_t local_address(int socket) {
  sockaddr_in local{};
  socklen_t size = sizeof local;
  return getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) == 0 ? local.sin_addr.s_addr : 0;
}

}  // namespace

bool HttpServer::begin(std::uint32_t address, std::uint16_t port) {
  stop();
  listening_ = socket(AF_INET, SOCK_STREAM, 0);
  if (listening_ < 0) return false;
  const int yes = 1;
  setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = address;
  local.sin_port = htons(port);
  connections_.reset(new (std::nothrow) Connections);
  const bool good = connections_ != nullptr &&
                    bind(listening_, reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0 &&
                    listen(listening_, 4) == 0 && fcntl(listening_, F_SETFL, O_NONBLOCK) != -1;
  if (!good) stop();
  return good;
}

void HttpServer::stop() {
  if (connections_ != nullptr) {
    for (Connection& connection : *connections_) drop(connection);
  }
  connections_.reset();
  if (listening_ != kNone) close(listening_);
  listening_ = kNone;
}

std::uint16_t HttpServer::port() const {
  sockaddr_in local{};
  socklen_t size = sizeof local;
  return getsockname(listening_, reinterpret_cast<sockaddr*>(&local), &size) == 0 ? ntohs(local.sin_port) : 0;
}

bool HttpServer::idle() const {
  if (connections_ == nullptr) return true;
  for (const Connection& connection : *connections_) {
    if (connection.stage == Stage::sending || connection.stage == Stage::leaving) return false;
  }
  return true;
}

void HttpServer::poll(Millis now) {
  if (listening_ == kNone) return;
  accept_one(now);
  for (Connection& connection : *connections_) serve(connection, now);
}

void HttpServer::accept_one(Millis now) {
  const int socket = accept(listening_, nullptr, nullptr);
  if (socket < 0) return;
  Connection* const connection = place();
  if (connection == nullptr) {
    close(socket);
    return;
  }
  drop(*connection);
  connection->stage = Stage::reading;
  connection->socket = socket;
  connection->since = now;
  connection->request.clear();
}

// A free one, else that which has said nothing whole for the longest time.
HttpServer::Connection* HttpServer::place() {
  Connection* oldest = nullptr;
  for (Connection& connection : *connections_) {
    if (connection.stage == Stage::free) return &connection;
    if (connection.stage != Stage::reading) continue;
    if (oldest == nullptr || reached(connection.since, oldest->since)) oldest = &connection;
  }
  return oldest;
}

void HttpServer::serve(Connection& connection, Millis now) {
  if (connection.stage == Stage::reading) receive(connection, now);
  if (connection.stage == Stage::sending) send(connection, now);
  if (connection.stage == Stage::leaving) {
    char unread[64];
    const auto got = recv(connection.socket, unread, sizeof unread, MSG_DONTWAIT);
    const bool gone = got == 0 || (got < 0 && !would_block());
    if (gone || since(connection.since, now) >= kLeavingMs) drop(connection);
  }
}

void HttpServer::receive(Connection& connection, Millis now) {
  char piece[512];
  const auto got = recv(connection.socket, piece, sizeof piece, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && !would_block())) return drop(connection);
  if (got > 0 && connection.request.add({piece, static_cast<std::size_t>(got)}) != HttpRequest::State::reading) {
    return answer(connection, now);
  }
  if (since(connection.since, now) >= kReadingMs) drop(connection);
}

void HttpServer::answer(Connection& connection, Millis now) {
  // lwIP knows none any more of a connection that its other side has broken off, though its request can still be read.
  const std::uint32_t called = local_address(connection.socket);
  if (called == 0) return drop(connection);
  HttpAnswer& answer = connection.answer;
  answer.clear();
  handler_(connection.request, called, answer);
  connection.head.clear();
  connection.head.add("HTTP/1.1 ").add(reason(answer.status)).add("\r\nContent-Type: ").add(answer.type);
  connection.head.add("\r\nContent-Length: ").add_number(static_cast<std::int64_t>(answer.content().size()));
  if (answer.location != nullptr) connection.head.add("\r\nLocation: ").add(answer.location);
  if (answer.asks_for_password) connection.head.add("\r\nWWW-Authenticate: Basic realm=\"claude-gauge\"");
  connection.head.add("\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
  connection.sent = 0;
  connection.stage = Stage::sending;
  connection.since = now;
}

void HttpServer::send(Connection& connection, Millis now) {
  const std::string_view parts[] = {connection.head.view(), connection.answer.content()};
  std::size_t skip = connection.sent;
  for (std::string_view part : parts) {
    const std::size_t skipped = std::min(skip, part.size());
    part.remove_prefix(skipped);
    skip -= skipped;
    if (part.empty()) continue;
    const auto sent = ::send(connection.socket, part.data(), part.size(), MSG_DONTWAIT);
    if (sent < 0 && !would_block()) return drop(connection);
    if (sent > 0) connection.sent += static_cast<std::size_t>(sent);
    if (sent < 0 || static_cast<std::size_t>(sent) < part.size()) {
      if (since(connection.since, now) >= kSendingMs) drop(connection);
      return;
    }
  }
  shutdown(connection.socket, SHUT_WR);
  connection.stage = Stage::leaving;
  connection.since = now;
}

void HttpServer::drop(Connection& connection) {
  if (connection.socket != kNone) close(connection.socket);
  connection.socket = kNone;
  connection.stage = Stage::free;
}

}  // namespace gauge
