#include "wire.hpp"

#include <errno.h>
#include <lwip/sockets.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace gauge::wire {

bool has_room(int socket) {
  if (socket < 0) return false;
  fd_set watched;
  FD_ZERO(&watched);
  FD_SET(socket, &watched);
  timeval at_once{};
  return select(socket + 1, nullptr, &watched, nullptr, &at_once) == 1;
}

std::optional<std::size_t> send_now(int socket, const std::uint8_t* bytes, std::size_t size) {
  if (socket < 0) return std::nullopt;
  const auto sent = ::send(socket, bytes, size, MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  return std::nullopt;
}

std::size_t receive_now(int socket, std::uint8_t* bytes, std::size_t size) {
  const auto received = socket < 0 ? -1 : ::recv(socket, bytes, size, MSG_DONTWAIT);
  return received > 0 ? static_cast<std::size_t>(received) : 0;
}

}  // namespace gauge::wire
