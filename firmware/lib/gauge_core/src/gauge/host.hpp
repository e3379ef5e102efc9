#pragma once

#include <cstdint>
#include <optional>

#include "gauge/settings.hpp"

namespace gauge {

// How the device is right now.
struct Vitals {
  std::optional<std::int32_t> rssi_dbm;
  std::uint32_t uptime_s = 0;
  std::optional<std::uint32_t> heap_bytes;
  const char* reset_reason = "";  // a plain word, as "power_on"; no quotes inside. "": unknown
  const char* ip = "";            // "": unknown
};

// Who this device is; the texts live as long as the program.
struct Device {
  const char* id;       // 12 lower-case hex digits of the MAC: one device, one id, for ever
  const char* version;  // of the firmware
};

// What the session needs of the machine it runs on. Called from the network task only.
class Host {
 public:
  virtual ~Host() = default;

  virtual Vitals vitals() = 0;
  virtual std::uint32_t random() = 0;
  virtual void save(const Settings& settings) = 0;
  virtual void restart() = 0;
  virtual void log(const char* line) = 0;
};

}  // namespace gauge
