#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "gauge/cluster.hpp"
#include "motor.hpp"

namespace gauge_test {

using namespace gauge;
using contract::Dial;
using contract::Lamp;

inline constexpr ClusterStart kQuiet{true, false, false};
inline constexpr ClusterStart kUndisturbed{true, true, false};
inline constexpr ClusterStart kOneByOne{false, false, true};
inline constexpr std::uint8_t kOpus = 1;

inline constexpr std::array<Dial, 3> kDials{Dial::fuel_5h, Dial::tach, Dial::fuel_7d};

// A cluster on three motors that stand anywhere, as after a power cut.
struct ClusterBench {
  std::array<Motor, 3> motors{Motor(3, 500), Motor(3, 0), Motor(3, 944)};
  Targets targets;
  Kept kept{{1, 2, 3}, 0};  // what a power cut leaves is no checksum
  Cluster cluster{{&motors[0], &motors[1], &motors[2]}, targets, kept};
  Millis now = 0xffff'f000;

  void run(Millis ms, ClusterInputs inputs = {}) {
    for (Millis end = now + ms; now != end; ++now) cluster.tick(inputs, now);
  }

  // Until the needles rest; how long that took. The lamps are those of the moment.
  Millis rest() {
    const Millis begin = now;
    do {
      run(1);
    } while (cluster.moving() && since(begin, now) < 20'000);
    return since(begin, now);
  }

  void show(std::int16_t left, std::int16_t centre, std::int16_t right, std::uint8_t lamps) {
    targets.needles[0] = left;
    targets.needles[1] = centre;
    targets.needles[2] = right;
    targets.lamps = lamps;
    targets.fresh = true;
  }

  bool stands(double left, double centre, double right) const {
    const std::array<double, 3> expected{left, centre, right};
    return std::all_of(kDials.begin(), kDials.end(), [&](Dial dial) {
      const auto at = static_cast<std::size_t>(dial);
      const double angle = static_cast<double>(cluster.angle_deg(dial).value_or(-1));
      return std::abs(angle - expected[at]) < 0.34 && std::abs(motors[at].place / 3.0 - expected[at]) < 0.34;
    });
  }

  auto lit() const {
    return std::count_if(cluster.lamps().begin(), cluster.lamps().end(), [](std::uint8_t one) { return one > 0; });
  }
  std::uint8_t lamp(Lamp one) const { return cluster.lamps()[static_cast<std::size_t>(one)]; }

  int swept() const {
    return static_cast<int>(
        std::count_if(motors.begin(), motors.end(), [](const Motor& motor) { return motor.highest >= 264 * 3; }));
  }
  void forget_highest() {
    for (Motor& motor : motors) motor.highest = motor.place;
  }
};

}  // namespace gauge_test
