#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge {

// How long to wait before the next try: 1 s, then twice as long each time up to `longest`, each 20 % more or less so
// that devices that lost the same broker do not come back in step.
class Backoff {
 public:
  explicit Backoff(Millis longest) : longest_(longest) {}

  // `random`: any 32 bits, new each time.
  Millis next(std::uint32_t random);
  void reset() { delay_ = kFirst; }  // after success

 private:
  static constexpr Millis kFirst = 1'000;
  const Millis longest_;
  Millis delay_ = kFirst;
};

}  // namespace gauge
