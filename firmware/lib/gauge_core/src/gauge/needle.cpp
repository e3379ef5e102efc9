#include "gauge/needle.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace gauge {
namespace {

// Half of what these motors follow at their 5 V: the pins of an ESP32 give 3.3 V. A step each 1.1 ms.
constexpr std::int32_t kDegPerS = 300;
constexpr std::int32_t kDegPerS2 = 3000;
static_assert(kDegPerS * contract::kStepsPerDegree < 1000, "more than a third of a degree a millisecond");

constexpr Millis kLongestTick = 50;  // longer ago, the needle was at rest and nobody called

constexpr MotionLimits limits(std::int32_t steps_per_degree) {
  return {kDegPerS * steps_per_degree, kDegPerS2 * steps_per_degree};
}

}  // namespace

Needle::Needle(CoilDriver& coils, contract::Dial dial)
    : coils_(coils),
      tach_(dial == contract::Dial::tach),
      scale_(coils.steps_per_degree(), Trim{}),
      hysteresis_(coils.steps_per_degree()),
      planner_(limits(coils.steps_per_degree()), scale_.last_step()),
      homing_(limits(coils.steps_per_degree()), coils.steps_per_degree(), scale_.last_step()),
      target_(scale_.step(contract::kNeedleUnknown)) {}

void Needle::home() {
  if (stage_ == Stage::lost) {
    start_homing();
  } else if (stage_ != Stage::homing) {
    stage_ = Stage::stopping;  // a needle in full swing comes to rest first
  }
}

void Needle::home_near(std::int32_t step) {
  homing_.start_near(step);
  stage_ = Stage::homing;
}

void Needle::restore(std::int32_t step) { start_at(step); }

void Needle::self_test() { sweep_ = stage_ != Stage::sweep_up && stage_ != Stage::sweep_down; }

void Needle::set_target(std::int16_t value) {
  value_ = value;
  const std::int32_t step = scale_.step(value);
  target_ = tach_ ? step : hysteresis_.hold(value, step);
}

void Needle::set_trim(Trim trim) {
  if (trim.zero == trim_.zero && trim.full == trim_.full) return;
  trim_ = trim;
  scale_ = Scale(coils_.steps_per_degree(), trim);
  hysteresis_.forget();
  set_target(value_);
}

void Needle::start_at(std::int32_t step) {
  planner_.start_at(step);
  filter_.start_at(step);
  stage_ = Stage::live;
}

void Needle::start_homing() {
  homing_.start(planner_.position());
  stage_ = Stage::homing;
}

void Needle::tick(Millis dt) {
  if (!moving()) return;
  std::int32_t steps = steps_due(std::min(dt, kLongestTick));
  for (; steps > 0; --steps) coils_.step_up();
  for (; steps < 0; ++steps) coils_.step_down();
  next_stage();
}

bool Needle::moving() const {
  if (stage_ != Stage::live) return stage_ != Stage::lost;
  return sweep_ || !planner_.settled() || planner_.position() != target_ || !coils_.still();
}

std::int32_t Needle::steps_due(Millis dt) {
  switch (stage_) {
    case Stage::homing:
      return homing_.tick(dt);
    case Stage::sweep_up:
      planner_.go_to(scale_.step(contract::kNeedleMax));
      break;
    case Stage::sweep_down:
      planner_.go_to(scale_.step(0));
      break;
    case Stage::live:
      planner_.go_to(tach_ ? filter_.follow(target_, dt) : target_);
      break;
    case Stage::stopping:
    case Stage::lost:
      break;
  }
  return planner_.tick(dt);
}

void Needle::next_stage() {
  if (stage_ == Stage::homing) {
    if (homing_.done()) start_at(0);
  } else if (stage_ == Stage::live) {
    if (sweep_) stage_ = Stage::sweep_up;
    sweep_ = false;
  } else if (planner_.settled()) {
    if (stage_ == Stage::stopping) {
      start_homing();
    } else if (stage_ == Stage::sweep_up) {
      stage_ = Stage::sweep_down;
    } else {
      start_at(planner_.position());
    }
  }
}

std::optional<std::int32_t> Needle::step() const {
  if (!known()) return std::nullopt;
  return planner_.position();
}

std::optional<float> Needle::angle_deg() const {
  const auto here = step();
  if (!here) return std::nullopt;
  return scale_.degrees(*here);
}

}  // namespace gauge
