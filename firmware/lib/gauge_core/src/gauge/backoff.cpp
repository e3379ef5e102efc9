#include "gauge/backoff.hpp"

#include <algorithm>
#include <cstdint>

namespace gauge {
namespace {

constexpr Millis kJitterDivisor = 5;

}  // namespace

Millis Backoff::next(std::uint32_t random) {
  const Millis spread = delay_ / kJitterDivisor;
  const Millis wait = delay_ - spread + random % (2 * spread + 1);
  delay_ = std::min(2 * delay_, longest_);
  return wait;
}

}  // namespace gauge
