// In place of the portal's server, which is tested on real sockets: how long a request would have waited for it.

#include <algorithm>
#include <cstdint>

#include "http_server.hpp"
#include "peers.hpp"
#include "world.hpp"

namespace gauge {
namespace {

std::uint64_t polled_at_us = 0;

}  // namespace

bool HttpServer::begin(std::uint32_t, std::uint16_t) {
  polled_at_us = shell::World::get().now_us();
  return true;
}
void HttpServer::stop() {}
bool HttpServer::idle() const { return true; }
void HttpServer::poll(Millis) {
  const std::uint64_t now = shell::World::get().now_us();
  shell::longest_portal_gap_us() = std::max(shell::longest_portal_gap_us(), now - polled_at_us);
  polled_at_us = now;
}

}  // namespace gauge
