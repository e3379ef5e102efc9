#include "line.hpp"

#include <cstddef>
#include <cstdint>

#include "blocking.hpp"

namespace gauge {
namespace {

constexpr int kLooks = 4;  // of one poll that does not wait
constexpr Millis kLookAgainMs = 2;

}  // namespace

bool Line::in_time() {
  if (since(begun_, millis()) < allowed_) return true;
  stop();
  return false;
}

int Line::available() {
  if (!in_time()) return 0;
  const int bytes = WiFiClient::available();
  if (bytes <= 0) found_nothing();
  return bytes;
}

// PubSubClient waits in a loop without a pause, and would keep the core from everybody below.
void Line::found_nothing() {
  if (++empty_ > kLooks) delay(1);
}

int Line::read() { return in_time() ? WiFiClient::read() : -1; }

int Line::read(std::uint8_t* buffer, std::size_t size) { return in_time() ? WiFiClient::read(buffer, size) : -1; }

// What was sent in part leaves a packet that nobody can end.
std::size_t Line::write(const std::uint8_t* buffer, std::size_t size) {
  std::size_t sent = 0;
  while (in_time()) {
    const auto taken = wire::send_now(fd(), buffer + sent, size - sent);
    if (!taken) break;
    sent += *taken;
    if (sent == size) return sent;
    if (without_room_ >= blocking::kWriteMs) break;
    delay(kLookAgainMs);
    without_room_ += kLookAgainMs;
  }
  stop();
  return sent;
}

}  // namespace gauge
