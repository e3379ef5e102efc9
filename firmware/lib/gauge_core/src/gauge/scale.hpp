#pragma once

#include <cstdint>

#include "gauge/contract.hpp"

namespace gauge {

// What the owner corrects where a printed face and its needle disagree, in thirds of a degree, -45..45. Aligned so that
// every compiler reads an atomic one in a single instruction.
struct alignas(std::uint32_t) Trim {
  std::int16_t zero;
  std::int16_t full;
};
inline constexpr std::int16_t kTrimMax = 45;

// Needle values (0..1000, -1: no data) to steps of one motor, counted from its lower end stop.
class Scale {
 public:
  Scale(std::int32_t steps_per_degree, Trim trim);

  // A value out of range is shown as the nearest one in range. Always 0..last_step().
  std::int32_t step(std::int16_t value) const;
  std::int32_t last_step() const;
  float degrees(std::int32_t step) const;

 private:
  std::int32_t steps_per_degree_;
  std::int32_t zero_;
  std::int32_t full_;
};

// Keeps a needle still while its value wavers by a third of a degree or less. No data, 0 and 1000 are shown exactly.
class Hysteresis {
 public:
  explicit Hysteresis(std::int32_t steps_per_degree) : width_(steps_per_degree / 3) {}

  // The step to show for `value`, which is `step` on the scale.
  std::int32_t hold(std::int16_t value, std::int32_t step);
  void forget() { held_ = -1; }

 private:
  std::int32_t width_;
  std::int32_t held_ = -1;  // -1: nothing yet
};

}  // namespace gauge
