#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge {

// What a motor follows without missing a step.
struct MotionLimits {
  std::int32_t steps_per_s;   // with 1000 or less, never more than one step a millisecond
  std::int32_t steps_per_s2;  // accelerating and braking alike
};

// Moves one needle from step to step, 0..`last_step`: as fast as the limits allow, and to rest exactly on its target.
//
// It counts in integers, whole milliseconds and 1/65536 steps, so that it does the same on every machine and never
// drifts. In each millisecond it takes the highest speed from which braking still ends on the target. A target that
// comes too late for that is passed by no more than the way it takes to brake, v^2/2a, and never beyond an end stop:
// wherever a needle is, the place where it could be stopped lies between the stops.
class Planner {
 public:
  Planner(MotionLimits limits, std::int32_t last_step);

  // Where the needle stands, at rest. Forgets any target.
  void start_at(std::int32_t step);
  void go_to(std::int32_t step);  // any time, also on the move; beyond an end stop means to the end stop

  // The steps to make now, up or down, `dt` after the last call. Call it each millisecond while moving: steps that came
  // all at once would be lost on the rotor, so a late call makes no more of them, and the motion takes longer instead.
  std::int32_t tick(Millis dt);

  std::int32_t position() const;  // step
  bool settled() const;           // at rest on the target

 private:
  void run();  // for a millisecond
  std::int32_t top_speed(std::int32_t distance) const;

  const std::int32_t limit_;         // 1/65536 steps per ms
  const std::int32_t acceleration_;  // 1/65536 steps per ms^2
  const std::int32_t last_step_;
  std::int32_t place_ = 0;   // 1/65536 steps
  std::int32_t target_ = 0;  // as place_
  std::int32_t speed_ = 0;   // as limit_, downwards negative
};

}  // namespace gauge
