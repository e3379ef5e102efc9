#pragma once

#include <cstdint>

namespace gauge {

// Milliseconds since start, as every clock of the firmware counts them; wraps after 49.7 days.
using Millis = std::uint32_t;

// Time from `then` to `now`, right across the wrap for anything shorter than 49.7 days.
constexpr Millis since(Millis then, Millis now) { return now - then; }

// Whether `at` has come, right across the wrap for anything less than 24.8 days away.
constexpr bool reached(Millis at, Millis now) { return static_cast<std::int32_t>(now - at) >= 0; }

}  // namespace gauge
