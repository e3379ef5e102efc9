#include "gauge/homing.hpp"

namespace gauge {
namespace {

constexpr std::int32_t kMarginDeg = 10;  // one builder measured 320 degrees between the stops, not 315

}  // namespace

Homing::Homing(MotionLimits limits, std::int32_t steps_per_degree, std::int32_t last_step)
    : phases_(2 * steps_per_degree),
      half_(last_step / 2),
      whole_(last_step + kMarginDeg * steps_per_degree),
      planner_(limits, whole_ + phases_) {}

void Homing::start(std::int32_t believed_step) {
  const std::int32_t phase = believed_step % phases_;
  // From the upper turning point down to 0, in whole turns of the coils but for the phase it starts with.
  const std::int32_t down = (whole_ / phases_ + 1) * phases_;
  const std::int32_t up = half_ / phases_ * phases_ - phase;
  planner_.start_at(down - up);
  planner_.go_to(down);
  down_ = false;
}

std::int32_t Homing::tick(Millis dt) {
  const std::int32_t steps = planner_.tick(dt);
  if (!down_ && planner_.settled()) {
    planner_.go_to(0);
    down_ = true;
  }
  return steps;
}

bool Homing::done() const { return down_ && planner_.settled(); }

}  // namespace gauge
