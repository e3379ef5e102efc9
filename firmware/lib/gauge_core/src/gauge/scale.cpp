#include "gauge/scale.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace gauge {
namespace {

constexpr std::int32_t kThirds = 3;

constexpr std::int32_t thirds(float degrees) { return static_cast<std::int32_t>(degrees * kThirds); }

static_assert(contract::kParkDeg < contract::kZeroDeg - static_cast<float>(kTrimMax) / kThirds,
              "a parked needle stands below zero, however that is trimmed");
static_assert(contract::kFullDeg + static_cast<float>(kTrimMax) / kThirds < contract::kSweepDeg,
              "a full needle stands off the upper end stop, however that is trimmed");

std::int32_t trimmed(float degrees, std::int16_t trim) {
  return thirds(degrees) + std::clamp<std::int32_t>(trim, -kTrimMax, kTrimMax);
}

}  // namespace

Scale::Scale(std::int32_t steps_per_degree, Trim trim)
    : steps_per_degree_(steps_per_degree),
      zero_(trimmed(contract::kZeroDeg, trim.zero) * steps_per_degree / kThirds),
      full_(trimmed(contract::kFullDeg, trim.full) * steps_per_degree / kThirds) {}

std::int32_t Scale::step(std::int16_t value) const {
  if (value < 0) return thirds(contract::kParkDeg) * steps_per_degree_ / kThirds;
  const std::int32_t in_range = std::min(value, contract::kNeedleMax);
  return zero_ + ((full_ - zero_) * in_range + contract::kNeedleMax / 2) / contract::kNeedleMax;
}

std::int32_t Scale::last_step() const { return thirds(contract::kSweepDeg) * steps_per_degree_ / kThirds - 1; }

float Scale::degrees(std::int32_t step) const {
  return static_cast<float>(step) / static_cast<float>(steps_per_degree_);
}

std::int32_t Hysteresis::hold(std::int16_t value, std::int32_t step) {
  const bool exact = value <= 0 || value >= contract::kNeedleMax || held_ < 0;
  if (exact || std::abs(step - held_) > width_) held_ = step;
  return held_;
}

}  // namespace gauge
