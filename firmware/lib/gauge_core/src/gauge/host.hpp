#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "gauge/settings.hpp"

namespace gauge {

// The firmware's own tasks. The last two are errands of the network task, which begin when they are first needed.
enum class Task : std::uint8_t { needles, network, broker, usage };
inline constexpr std::array<const char*, 4> kTaskNames{"needles", "network", "broker", "usage"};

// How the device is right now. What it does not know, or does not have, is not there.
struct Vitals {
  std::optional<std::int32_t> rssi_dbm;
  std::uint32_t uptime_s = 0;
  std::optional<std::uint32_t> heap_bytes;        // free now
  std::optional<std::uint32_t> heap_least_bytes;  // the least that was ever free since start
  std::optional<std::uint32_t> heap_block_bytes;  // the largest piece of it
  // The least that was ever left of each task's stack.
  std::array<std::optional<std::uint32_t>, kTaskNames.size()> stack_least_bytes{};
  std::optional<std::uint32_t> brown_outs;  // since the power was last off
  const char* reset_reason = "";            // a plain word, as "power_on"; no quotes inside. "": unknown
  const char* ip = "";                      // "": unknown
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
