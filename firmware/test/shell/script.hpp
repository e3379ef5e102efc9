#pragma once

#include <cstdint>
#include <string>

#include <esp_system.h>

namespace shell {

// What comes over the serial line and is not read yet.
inline std::string& serial_in() {
  static std::string bytes;
  return bytes;
}

// How the chip came to start.
inline esp_reset_reason_t& reset_reason() {
  static esp_reset_reason_t reason = ESP_RST_POWERON;
  return reason;
}

// What the clock showed when the run began, which is as if the chip had been on for so long.
inline std::uint32_t& clock_ms() {
  static std::uint32_t clock_ms = 0;
  return clock_ms;
}

// What the portal last answered to somebody without a password, whose connection is already gone; 0: nobody asked yet.
inline int& stranger_got() {
  static int status = 0;
  return status;
}

// The radio's search for networks.
struct Searches {
  std::uint32_t busy_ms = 0;  // from the start on it cannot begin one
  std::uint32_t asked = 0, begun = 0;
};
inline Searches& searches() {
  static Searches searches;
  return searches;
}

}  // namespace shell
