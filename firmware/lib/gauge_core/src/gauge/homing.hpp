#pragma once

#include <cstdint>

#include "gauge/planner.hpp"

namespace gauge {

// Finds the lower end stop of a needle that may be anywhere: half a scale up, then the whole scale and a bit more down.
//
// The rotor bounces at the stop and comes to rest where the coils hold it, so which coil phase is the last one decides
// the third of a degree in which zero lies. It is always the same: a phase is its step modulo two degrees, before
// and after homing. (A driver that starts at a kept position starts with the phase of that step, and with phase 0
// else.)
class Homing {
 public:
  Homing(MotionLimits limits, std::int32_t steps_per_degree, std::int32_t last_step);

  void start(std::int32_t believed_step);  // 0 after power-on
  std::int32_t tick(Millis dt);            // as Planner::tick
  bool done() const;                       // the needle stands at step 0

 private:
  const std::int32_t phases_;  // steps until the coils are as before
  const std::int32_t half_;
  const std::int32_t whole_;
  Planner planner_;  // its step 0 is where homing ends
  bool down_ = false;
};

}  // namespace gauge
