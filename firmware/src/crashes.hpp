#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge {

// How often the firmware died in a row, in memory that survives a reset. A power cut fills it with anything, hence the
// mark.
struct Crashes {
  std::uint32_t mark;
  std::uint32_t count;
};

inline constexpr std::uint32_t kCrashMark = 0x67617567;
inline constexpr std::uint32_t kCrashesToSafeMode = 3;
// So long without a crash ends the row.
inline constexpr Millis kStableMs = 60'000;
// Safe mode ends by a restart: what made the firmware die may be over.
inline constexpr Millis kSafeModeMs = 600'000;

constexpr Crashes after_reset(Crashes before, bool crashed) {
  const std::uint32_t count = before.mark == kCrashMark ? before.count : 0;
  return {kCrashMark, crashed ? count + 1 : 0};
}

// Wi-Fi, set-up and updates only; the needles stay parked.
constexpr bool safe_mode(Crashes crashes) { return crashes.count >= kCrashesToSafeMode; }

}  // namespace gauge
