#include "gauge/homing.hpp"

#include <algorithm>
#include <cstdint>

namespace gauge {
namespace {

constexpr std::int32_t kMarginDeg = 10;  // one builder measured 320 degrees between the stops, not 315
constexpr std::int32_t kClearDeg = 15;
constexpr std::int32_t kPushedDeg = 20;  // by a hand, or by some steps of a line that floated
constexpr std::int32_t kSlower = 3;

}  // namespace

Homing::Homing(MotionLimits limits, std::int32_t steps_per_degree, std::int32_t last_step)
    : phases_(2 * steps_per_degree),
      half_(last_step / 2),
      whole_(last_step + kMarginDeg * steps_per_degree),
      clear_(kClearDeg * steps_per_degree),
      pushed_(kPushedDeg * steps_per_degree),
      planner_(limits, whole_ + phases_),
      slow_({limits.steps_per_s / kSlower, limits.steps_per_s2}, whole_ + phases_) {}

void Homing::start(std::int32_t believed_step) {
  const std::int32_t phase = believed_step % phases_;
  // From the upper turning point down to 0, in whole turns of the coils but for the phase it starts with.
  const std::int32_t down = (whole_ / phases_ + 1) * phases_;
  const std::int32_t up = half_ / phases_ * phases_ - phase;
  planner_.start_at(down - up);
  planner_.go_to(down);
  touch_from_ = down - (up - clear_);
  stage_ = Stage::up;
}

void Homing::start_near(std::int32_t step) {
  const std::int32_t down = step + (pushed_ / phases_ + 1) * phases_;
  planner_.start_at(down);
  touch_from_ = down - std::max(0, step - clear_);
  planner_.go_to(touch_from_);
  stage_ = Stage::down;
}

std::int32_t Homing::tick(Millis dt) {
  if (stage_ == Stage::touch) return slow_.tick(dt);
  const std::int32_t steps = planner_.tick(dt);
  if (!planner_.settled()) return steps;
  if (stage_ == Stage::up) {
    planner_.go_to(touch_from_);
    stage_ = Stage::down;
  } else {
    slow_.start_at(touch_from_);
    slow_.go_to(0);
    stage_ = Stage::touch;
  }
  return steps;
}

bool Homing::done() const { return stage_ == Stage::touch && slow_.settled(); }

}  // namespace gauge
