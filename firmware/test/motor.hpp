#pragma once

#include <algorithm>
#include <cstdint>

#include "gauge/coil_driver.hpp"

namespace gauge_test {

// A motor between two end stops. `place` is where it really is, `phase` what its coils hold, as a driver starts with
// it.
class Motor final : public gauge::CoilDriver {
 public:
  explicit Motor(std::int32_t steps_per_degree = 3, std::int32_t at = 0, std::int32_t kept = 0)
      : place(at), phase(kept), steps_per_degree_(steps_per_degree) {}

  std::int32_t steps_per_degree() const override { return steps_per_degree_; }
  void step_up() override { step(1); }
  void step_down() override { step(-1); }

  std::int32_t last() const { return 315 * steps_per_degree_ - 1; }

  std::int32_t place;
  std::int32_t phase;
  std::int32_t steps = 0;    // made in all
  std::int32_t highest = 0;  // `place` at its highest, until somebody sets it
  std::int32_t lowest = 0;
  bool hit_a_stop = false;

 private:
  void step(std::int32_t by) {
    ++steps;
    phase = (phase + by + 2 * steps_per_degree_) % (2 * steps_per_degree_);
    const std::int32_t wanted = place + by;
    place = std::clamp(wanted, 0, last());
    hit_a_stop = hit_a_stop || place != wanted;
    highest = std::max(highest, place);
    lowest = std::min(lowest, place);
  }

  std::int32_t steps_per_degree_;
};

}  // namespace gauge_test
