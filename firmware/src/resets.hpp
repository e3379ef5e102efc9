#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge {

// What the firmware remembers of its own ends, in memory that survives a reset. A power cut fills it with anything, and
// a low supply may spoil a part of it: hence the check, which is right for these two numbers only.
struct Resets {
  std::uint32_t check;
  std::uint32_t crashes;     // in a row
  std::uint32_t brown_outs;  // since the power was last off
};

inline constexpr std::uint32_t kCrashesToSafeMode = 3;
// So long without a crash ends the row.
inline constexpr Millis kStableMs = 60'000;
// Safe mode ends by a restart: what made the firmware die may be over.
inline constexpr Millis kSafeModeMs = 600'000;

constexpr Resets resets(std::uint32_t crashes, std::uint32_t brown_outs) {
  constexpr std::uint32_t kMark = 0x67617567, kOdd = 2'654'435'761;
  return {((kMark ^ crashes) * kOdd ^ brown_outs) * kOdd, crashes, brown_outs};
}

constexpr Resets after_reset(Resets before, bool crashed, bool brown_out) {
  if (resets(before.crashes, before.brown_outs).check != before.check) before = resets(0, 0);
  return resets(crashed ? before.crashes + 1 : 0, before.brown_outs + (brown_out ? 1 : 0));
}

// Wi-Fi, set-up and updates only; the needles stay parked.
constexpr bool safe_mode(Resets resets) { return resets.crashes >= kCrashesToSafeMode; }

}  // namespace gauge
