#include "planner_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>

using namespace gauge_test;

TEST_CASE("late ticks never bunch steps, and cost time only") {
  std::mt19937 random(5);
  for (const Machine& machine : {kPlain, kDriverChip}) {
    for (int sequence = 0; sequence < 100; ++sequence) {
      Rig rig(machine, static_cast<std::int32_t>(random() % 900));
      const auto target = static_cast<std::int32_t>(random() % 900);
      rig.planner.go_to(target);
      const std::int32_t low = std::min(rig.place, target);
      const std::int32_t high = std::max(rig.place, target);
      for (int tick = 0; tick < 5000 && !rig.planner.settled(); ++tick) rig.tick(static_cast<Millis>(random() % 51));
      CHECK(rig.planner.settled());
      CHECK(rig.place == target);
      CHECK(rig.lowest >= low);
      CHECK(rig.highest <= high);
      CHECK(rig.sound);
    }
  }
}

TEST_CASE("ticks of 2 ms, or of none and 2 in turn, move as those of 1 ms as long as steps are far enough apart") {
  Rig even(kPlain);
  Rig odd(kPlain);
  even.planner.go_to(10);
  odd.planner.go_to(10);
  for (std::int32_t ms = 0; ms < 80; ++ms) {
    even.tick();
    odd.tick(ms % 2 == 0 ? 0 : 2);
  }
  CHECK(even.place == 10);
  CHECK(odd.place == 10);
  CHECK(even.planner.settled() == odd.planner.settled());
}

TEST_CASE("a rotor that nobody drove for a while starts again from rest") {
  Rig rig(kPlain);
  rig.planner.go_to(944);
  for (int ms = 0; ms < 300; ++ms) rig.tick();
  rig.tick(45);
  const std::int32_t stalled_at = rig.place;
  for (int ms = 0; ms < 50; ++ms) rig.tick();
  CHECK(rig.place - stalled_at <= 0.5 * 9000 * 0.05 * 0.05 + 1 + 1);
  rig.run_until_settled();
  CHECK(rig.place == 944);
}

TEST_CASE("a tick of no time does nothing, and neither does one at rest") {
  Rig rig(kPlain, 500);
  rig.tick(1000);
  CHECK(rig.place == 500);
  rig.planner.go_to(600);
  for (int n = 0; n < 1000; ++n) rig.tick(0);
  CHECK(rig.place == 500);
  CHECK_FALSE(rig.planner.settled());
}
