#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gauge/needle.hpp"
#include "motor.hpp"

namespace gauge_test {

using gauge::Needle;
using gauge::contract::Dial;

template <std::size_t N>
using Values = std::array<std::int16_t, N>;

// Ticks until the needle rests, `most` ms at the longest. Returns the milliseconds.
inline int rest(Needle& needle, int most = 6000) {
  int ms = 0;
  for (; needle.moving() && ms < most; ++ms) needle.tick(1);
  return ms;
}

}  // namespace gauge_test
