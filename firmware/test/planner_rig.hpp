#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "gauge/planner.hpp"

namespace gauge_test {

using gauge::Millis;
using gauge::MotionLimits;
using gauge::Planner;

struct Machine {
  MotionLimits limits;
  std::int32_t last_step;
  std::int32_t most_steps_per_ms;
};
inline constexpr Machine kPlain{{900, 9000}, 944, 1};
inline constexpr Machine kDriverChip{{3600, 36000}, 3779, 4};

inline double seconds(std::int32_t ms) { return ms / 1000.0; }
inline double braking(const Machine& m, double speed) { return speed * speed / (2.0 * m.limits.steps_per_s2); }

// The shortest time in which a move from rest to rest is possible at all.
inline double best_ms(const Machine& m, double distance) {
  const double v = m.limits.steps_per_s;
  const double a = m.limits.steps_per_s2;
  return 1000 * (distance < v * v / a ? 2 * std::sqrt(distance / a) : distance / v + v / a);
}

// Ticks a planner and checks at each tick what must always hold.
class Rig {
 public:
  explicit Rig(const Machine& m, std::int32_t at = 0) : planner(m.limits, m.last_step), machine(m), place(at) {
    planner.start_at(at);
  }

  void tick(Millis dt = 1) {
    const std::int32_t steps = planner.tick(dt);
    place += steps;
    made.push_back(steps);
    highest = std::max(highest, place);
    lowest = std::min(lowest, place);
    sound = sound && std::abs(steps) <= machine.most_steps_per_ms && place == planner.position() && place >= 0 &&
            place <= machine.last_step;
  }

  std::int32_t run_until_settled(std::int32_t most_ms = 5000) {
    std::int32_t ms = 0;
    for (; !planner.settled() && ms < most_ms; ++ms) tick();
    return ms;
  }

  // Speed and acceleration as seen from outside, over 100 ms, to the rounding of whole steps.
  bool within_limits() const {
    constexpr std::size_t kWindow = 100;
    const double most = machine.limits.steps_per_s * seconds(kWindow) + 1;
    const double most_change = machine.limits.steps_per_s2 * seconds(kWindow) * seconds(kWindow) + 2;
    std::vector<std::int32_t> sum(made.size() + 1);
    for (std::size_t i = 0; i < made.size(); ++i) sum[i + 1] = sum[i] + made[i];
    for (std::size_t i = 0; i + 2 * kWindow < sum.size(); ++i) {
      const std::int32_t first = sum[i + kWindow] - sum[i];
      const std::int32_t second = sum[i + 2 * kWindow] - sum[i + kWindow];
      if (std::abs(first) > most || std::abs(second - first) > most_change) return false;
    }
    return true;
  }

  Planner planner;
  const Machine& machine;
  std::int32_t place;
  std::int32_t highest = place;
  std::int32_t lowest = place;
  std::vector<std::int32_t> made;
  bool sound = true;
};

}  // namespace gauge_test
