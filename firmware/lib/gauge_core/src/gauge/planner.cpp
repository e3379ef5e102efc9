#include "gauge/planner.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace gauge {
namespace {

constexpr std::int32_t kStep = 65536;

// Writing flash stops both cores of an ESP32 for tens of milliseconds. Meanwhile the coils hold the rotor where it is.
constexpr Millis kStall = 10;

}  // namespace

Planner::Planner(MotionLimits limits, std::int32_t last_step)
    : limit_(static_cast<std::int32_t>(std::int64_t{limits.steps_per_s} * kStep / 1000)),
      acceleration_(static_cast<std::int32_t>(std::int64_t{limits.steps_per_s2} * kStep / 1'000'000)),
      last_step_(last_step) {}

void Planner::start_at(std::int32_t step) {
  place_ = target_ = step * kStep;
  speed_ = 0;
}

void Planner::go_to(std::int32_t step) { target_ = std::clamp<std::int32_t>(step, 0, last_step_) * kStep; }

std::int32_t Planner::position() const { return (place_ + kStep / 2) / kStep; }

bool Planner::settled() const { return place_ == target_ && speed_ == 0; }

std::int32_t Planner::tick(Millis dt) {
  if (dt > kStall) speed_ = 0;
  const std::int32_t before = position();
  for (Millis ms = 0; ms < dt && position() == before && !settled(); ++ms) run();
  return position() - before;
}

void Planner::run() {
  const std::int32_t distance = target_ - place_;
  const std::int32_t top = top_speed(std::abs(distance));
  speed_ = std::clamp(distance < 0 ? -top : top, speed_ - acceleration_, speed_ + acceleration_);
  place_ += speed_;
}

// The highest v for which v + (v - a) + (v - 2a) + ..., the way until rest, fits into `distance`. With n = v / a
// rounded down that sum is (n + 1) v - a n (n + 1) / 2.
std::int32_t Planner::top_speed(std::int32_t distance) const {
  std::int32_t n = limit_ / acceleration_;
  std::int32_t saved = acceleration_ * n * (n + 1) / 2;
  while (saved > distance) saved -= acceleration_ * n--;
  return std::min(limit_, (distance + saved) / (n + 1));
}

}  // namespace gauge
