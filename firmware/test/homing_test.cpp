#include "gauge/homing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>

#include "motor.hpp"

using namespace gauge;
using gauge_test::Motor;

namespace {

Homing homing_of(const Motor& motor) {
  const std::int32_t fine = motor.steps_per_degree();
  return Homing({300 * fine, 3000 * fine}, fine, motor.last());
}

// Milliseconds until done, or `most`.
int home(Homing& homing, Motor& motor, std::int32_t believed, int most = 4000) {
  homing.start(believed);
  int ms = 0;
  for (; !homing.done() && ms < most; ++ms) {
    std::int32_t steps = homing.tick(1);
    for (; steps > 0; --steps) motor.step_up();
    for (; steps < 0; ++steps) motor.step_down();
  }
  return ms;
}

}  // namespace

TEST_CASE("wherever a needle is at power-on, homing ends at its lower stop within 3.5 s") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    for (std::int32_t at = 0; at < 315 * steps_per_degree; at += 11) {
      Motor motor(steps_per_degree, at);
      Homing homing = homing_of(motor);
      CAPTURE(at);
      CHECK(home(homing, motor, 0) < 3500);
      CHECK(motor.place == 0);
      CHECK(homing.tick(1) == 0);
    }
  }
}

TEST_CASE("homing goes half a scale up first") {
  Motor motor(3, 100);
  Homing homing = homing_of(motor);
  home(homing, motor, 0);
  CHECK(motor.highest >= 100 + 944 / 2 - 6);
  CHECK(motor.highest <= 100 + 944 / 2);
}

TEST_CASE("wherever a needle is, it meets its lower stop at a third of its speed at most") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    for (std::int32_t at = 0; at < 315 * steps_per_degree; at += 7 * steps_per_degree) {
      Motor motor(steps_per_degree, at);
      Homing homing = homing_of(motor);
      homing.start(0);
      std::int32_t fastest = 0;  // steps in 100 ms at the stop
      std::int32_t in_tenth = 0;
      for (int ms = 0; !homing.done(); ++ms) {
        if (ms % 100 == 0) in_tenth = 0;
        const std::int32_t steps = homing.tick(1);
        for (std::int32_t step = 0; step < steps; ++step) motor.step_up();
        for (std::int32_t step = 0; step > steps; --step) {
          if (motor.place == 0) ++in_tenth;
          motor.step_down();
        }
        fastest = std::max(fastest, in_tenth);
      }
      CAPTURE(at);
      CHECK(fastest <= 10 * steps_per_degree + 1);
      CHECK(motor.place == 0);
    }
  }
}

TEST_CASE("a needle that was left somewhere goes straight down, fast at first, and is found though it was pushed") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    for (const std::int32_t left_deg : {0, 6, 100, 264}) {
      for (const std::int32_t pushed_deg : {-14, 0, 19}) {
        const std::int32_t left = left_deg * steps_per_degree;
        const std::int32_t at = std::max(0, left + pushed_deg * steps_per_degree);
        Motor motor(steps_per_degree, at, left % (2 * steps_per_degree));
        motor.highest = 0;
        Homing homing = homing_of(motor);
        homing.start_near(left);
        int ms = 0;
        for (; !homing.done() && ms < 4000; ++ms) {
          const std::int32_t steps = homing.tick(1);
          CHECK(steps <= 0);
          for (std::int32_t step = 0; step > steps; --step) motor.step_down();
        }
        CAPTURE(left_deg);
        CAPTURE(pushed_deg);
        CHECK(motor.place == 0);
        CHECK(motor.phase == 0);
        CHECK(motor.steps <= at + 37 * steps_per_degree);  // so long it pushed at most
        CHECK(ms < 1700);
      }
    }
  }
}

TEST_CASE("the stop is found even where there are 320 degrees between the stops") {
  Motor motor(3, 944);
  Homing homing = homing_of(motor);
  home(homing, motor, 0);
  const std::int32_t down = motor.steps - 468;
  CHECK(down >= 320 * 3);
}

TEST_CASE("zero is always the same coil phase, so always the same third of a degree") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    for (std::int32_t believed = 0; believed < 10 * steps_per_degree; ++believed) {
      Motor motor(steps_per_degree, believed, believed % (2 * steps_per_degree));
      Homing homing = homing_of(motor);
      home(homing, motor, believed);
      CAPTURE(believed);
      CHECK(motor.phase == 0);
    }
  }
}

TEST_CASE("a needle can be homed again") {
  Motor motor(3, 300);
  Homing homing = homing_of(motor);
  home(homing, motor, 0);
  motor.place = 700;
  home(homing, motor, 0);
  CHECK(motor.place == 0);
}
