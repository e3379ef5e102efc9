#include "search.hpp"

#include "arduino.hpp"

#include <WiFi.h>

#include <cstdint>

namespace gauge {

bool Search::begin() {
  if (!running_) running_ = WiFi.scanNetworks(true) != WIFI_SCAN_FAILED;
  return running_;
}

void Search::poll() {
  if (!running_) return;
  const std::int16_t count = WiFi.scanComplete();
  if (count == WIFI_SCAN_RUNNING) return;
  running_ = false;
  networks_.clear();
  for (std::int16_t at = 0; at < count; ++at) {
    const auto network = static_cast<std::uint8_t>(at);
    networks_.add(WiFi.SSID(network).c_str(), WiFi.RSSI(network), WiFi.encryptionType(network) != WIFI_AUTH_OPEN);
  }
  WiFi.scanDelete();
}

}  // namespace gauge
