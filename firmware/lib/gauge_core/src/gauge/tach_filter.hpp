#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge {

// A first-order lag of 0.26 s, which turns the jumps of tokens per minute into the swing of a needle. Ends exactly on
// its target: what is left, 1/256 of a step, is rounded away.
class TachFilter {
 public:
  void start_at(std::int32_t step);
  // The step to show now, `dt` after the last call.
  std::int32_t follow(std::int32_t target_step, Millis dt);

 private:
  std::int32_t place_ = 0;  // 1/65536 steps
};

}  // namespace gauge
