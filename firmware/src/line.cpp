#include "line.hpp"

#include <cstddef>
#include <cstdint>

namespace gauge {
namespace {

constexpr int kLooks = 4;  // of one poll that does not wait

}  // namespace

bool Line::in_time() {
  if (since(begun_, millis()) < allowed_) return true;
  stop();
  return false;
}

int Line::available() {
  if (!in_time()) return 0;
  const int bytes = WiFiClient::available();
  // PubSubClient waits in a loop without a pause, and would keep the core from everybody below.
  if (bytes <= 0 && ++empty_ > kLooks) delay(1);
  return bytes;
}

int Line::read() { return in_time() ? WiFiClient::read() : -1; }

int Line::read(std::uint8_t* buffer, std::size_t size) { return in_time() ? WiFiClient::read(buffer, size) : -1; }

// What was sent in part leaves a packet that nobody can end.
std::size_t Line::write(const std::uint8_t* buffer, std::size_t size) {
  if (!in_time()) return 0;
  const std::size_t sent = WiFiClient::write(buffer, size);
  if (sent != size) stop();
  return sent;
}

}  // namespace gauge
