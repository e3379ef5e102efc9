// In place of the portal's server, which is tested on real sockets: how long a request would have waited for it, and
// what is answered to one without a password and without an address that was called.

#include <algorithm>
#include <cstdint>

#include "gauge/http_request.hpp"
#include "gauge/portal_pages.hpp"
#include "http_server.hpp"
#include "peers.hpp"
#include "script.hpp"
#include "world.hpp"

namespace gauge {
namespace {

std::uint64_t polled_at_us = 0;
std::uint64_t stranger_at_us = 0;
constexpr std::uint64_t kStrangerEveryUs = 10'000'000;

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
  if (now < stranger_at_us) return;
  stranger_at_us = now + kStrangerEveryUs;
  HttpRequest request;
  request.add("GET /state HTTP/1.1\r\n\r\n");
  HttpAnswer answer;
  handler_(request, 0, answer);
  shell::stranger_got() = answer.status;
}

}  // namespace gauge
