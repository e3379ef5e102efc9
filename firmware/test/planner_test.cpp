#include "planner_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>

using namespace gauge_test;

TEST_CASE("from rest a needle never passes its target, and is as fast as the limits allow") {
  for (const Machine& machine : {kPlain, kDriverChip}) {
    for (std::int32_t distance = 1; distance <= machine.last_step; ++distance) {
      Rig up(machine);
      up.planner.go_to(distance);
      const std::int32_t ms = up.run_until_settled();
      Rig down(machine, machine.last_step);
      down.planner.go_to(machine.last_step - distance);
      CAPTURE(distance);
      CHECK(down.run_until_settled() == ms);
      CHECK(ms >= best_ms(machine, distance) * 0.995 - 1);
      CHECK(ms <= best_ms(machine, distance) * 1.005 + 3);
      CHECK(up.sound);
      CHECK(up.place == distance);
      CHECK(up.highest == distance);
      CHECK(down.sound);
      CHECK(down.place == machine.last_step - distance);
      CHECK(down.lowest == machine.last_step - distance);
    }
  }
}

TEST_CASE("a target that comes too late is passed by the way it takes to brake, and no more") {
  for (const Machine& machine : {kPlain, kDriverChip}) {
    for (std::int32_t ms = 1; ms < 300; ++ms) {
      Rig rig(machine);
      rig.planner.go_to(machine.last_step);
      for (std::int32_t n = 0; n < ms; ++n) rig.tick();
      const double speed = std::min<double>(machine.limits.steps_per_s, machine.limits.steps_per_s2 * seconds(ms));
      const std::int32_t turn = rig.place;
      rig.planner.go_to(turn);
      rig.run_until_settled();
      CAPTURE(ms);
      CHECK(rig.highest <= turn + braking(machine, speed) + 1);
      CHECK(rig.place == turn);
      CHECK(rig.sound);
    }
  }
}

TEST_CASE("a target within the way it takes to brake, or beyond it, is not passed even on the move") {
  Rig rig(kPlain);
  rig.planner.go_to(944);
  for (std::int32_t n = 0; n < 300; ++n) rig.tick();
  const std::int32_t target = rig.place + static_cast<std::int32_t>(braking(kPlain, 900)) + 1;
  rig.planner.go_to(target);
  rig.run_until_settled();
  CHECK(rig.highest == target);
}

TEST_CASE("whatever it is told and whenever, a needle stays sound and ends on its target in time") {
  std::mt19937 random(20261122);
  for (const Machine& machine : {kPlain, kDriverChip}) {
    for (int sequence = 0; sequence < 400; ++sequence) {
      const auto any_step = [&] {
        return static_cast<std::int32_t>(random() % (static_cast<unsigned>(machine.last_step) + 1));
      };
      Rig rig(machine, any_step());
      std::int32_t target = rig.place;
      for (int retarget = 0; retarget < 20; ++retarget) {
        switch (random() % 4) {
          case 0:
            target = rig.place;
            break;
          case 1:
            target = random() % 2 == 0 ? 0 : machine.last_step;
            break;
          default:
            target = any_step();
        }
        rig.planner.go_to(target);
        for (auto ms = random() % 250; ms > 0; --ms) rig.tick();
      }
      const std::int32_t ms = rig.run_until_settled();
      const double to_brake = 1000.0 * machine.limits.steps_per_s / machine.limits.steps_per_s2;
      const double way = std::abs(target - rig.place) + braking(machine, machine.limits.steps_per_s);
      CAPTURE(sequence);
      CHECK(ms <= to_brake + best_ms(machine, machine.last_step) + way);
      CHECK(rig.place == target);
      CHECK(rig.sound);
      CHECK(rig.within_limits());
    }
  }
}

TEST_CASE("passing the target is not being settled on it") {
  const Machine whole_steps{{20'000, 1'000'000}, 944, 20};  // 1, 2, 3... steps a millisecond
  Rig rig(whole_steps);
  rig.planner.go_to(900);
  for (int ms = 0; ms < 4; ++ms) rig.tick();
  rig.planner.go_to(1 + 2 + 3 + 4);
  CHECK(rig.place == 10);
  CHECK_FALSE(rig.planner.settled());
  rig.run_until_settled();
  CHECK(rig.highest == 10 + 3 + 2 + 1);
  CHECK(rig.place == 10);
}

TEST_CASE("a needle that is put somewhere stands there, whatever it did before") {
  Planner planner(kPlain.limits, kPlain.last_step);
  planner.go_to(900);
  for (int ms = 0; ms < 200; ++ms) planner.tick(1);
  planner.start_at(300);
  CHECK(planner.settled());
  CHECK(planner.tick(1) == 0);
  planner.go_to(301);
  CHECK(planner.tick(1) == 0);
  CHECK(planner.position() == 300);
}

TEST_CASE("beyond an end stop means to the end stop") {
  Rig rig(kPlain, 500);
  rig.planner.go_to(954);
  rig.run_until_settled();
  CHECK(rig.place == 944);
  rig.planner.go_to(-10);
  rig.run_until_settled();
  CHECK(rig.place == 0);
  rig.planner.go_to(1);
  CHECK(rig.run_until_settled() <= best_ms(kPlain, 1) + 3);
  CHECK(rig.sound);
}

TEST_CASE("a million moves later a step is still a step") {
  std::mt19937 random(3);
  Rig rig(kPlain);
  for (int tick = 0; tick < 1'000'000; ++tick) {
    if (tick % 7 == 0) rig.planner.go_to(static_cast<std::int32_t>(random() % 945));
    rig.tick();
  }
  rig.planner.go_to(123);
  rig.run_until_settled();
  CHECK(rig.place == 123);
  CHECK(rig.sound);
}
