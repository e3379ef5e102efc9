#pragma once

#include <cstdint>

#include "gauge/planner.hpp"

namespace gauge {

// Finds the lower end stop of a needle. No motor of this kind tells when it stands at its stop, so the needle is driven
// against it for as long as it may need; it meets the stop at a third of its speed, which is a ninth of the blow.
//
// The rotor bounces at the stop and comes to rest where the coils hold it, so which coil phase is the last one decides
// the third of a degree in which zero lies. It is always the same: a phase is its step modulo two degrees, before
// and after homing. (A driver that starts at a kept position starts with the phase of that step, and with phase 0
// else.)
class Homing {
 public:
  Homing(MotionLimits limits, std::int32_t steps_per_degree, std::int32_t last_step);

  // A needle that may be anywhere: half a scale up, back by as much as it cannot have met the stop in, and slowly the
  // whole scale down. `believed_step` says the coils' phase, 0 after power-on.
  void start(std::int32_t believed_step);
  // One that was parked at `step` and may have been pushed by a few degrees: down to shortly above its stop, and slowly
  // the rest.
  void start_near(std::int32_t step);

  std::int32_t tick(Millis dt);  // as Planner::tick
  bool done() const;             // the needle stands at step 0

 private:
  enum class Stage : std::uint8_t { up, down, touch };

  const std::int32_t phases_;  // steps until the coils are as before
  const std::int32_t half_;
  const std::int32_t whole_;
  const std::int32_t clear_;  // from where on the stop may be met
  const std::int32_t pushed_;
  Planner planner_;  // its step 0 is where homing ends
  Planner slow_;
  std::int32_t touch_from_ = 0;
  Stage stage_ = Stage::touch;
};

}  // namespace gauge
