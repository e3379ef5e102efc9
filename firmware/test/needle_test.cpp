#include "needle_rig.hpp"

#include <doctest/doctest.h>

using namespace gauge_test;

TEST_CASE("a needle that is told to stand where it just passes is still moving, and comes back") {
  Motor motor(3, 72);
  Needle needle(motor, Dial::fuel_5h);
  needle.restore(72);
  needle.set_target(1000);
  while (needle.step() != 432) needle.tick(1);
  needle.set_target(500);
  CHECK(needle.moving());
  rest(needle);
  CHECK(motor.highest > 432);
  CHECK(motor.highest <= 432 + 45 + 1);
  CHECK(motor.place == 432);
}

TEST_CASE("a fuel keeps still while its value wavers, a tach does not") {
  Motor fuel_motor(3, 432);
  Needle fuel(fuel_motor, Dial::fuel_5h);
  fuel.restore(432);
  Motor tach_motor(3, 432);
  Needle tach(tach_motor, Dial::tach);
  tach.restore(432);
  for (const auto value : Values<6>{500, 501, 499, 501, 500, 499}) {
    fuel.set_trim({0, 0});  // said each time, but never new
    fuel.set_target(value);
    tach.set_target(value);
    rest(fuel);
    rest(tach);
  }
  CHECK(fuel_motor.steps == 0);
  CHECK(tach_motor.steps > 0);
}

TEST_CASE("a tach lags, a fuel does not") {
  Motor fuel_motor(3, 72);
  Needle fuel(fuel_motor, Dial::fuel_5h);
  fuel.restore(72);
  fuel.set_target(100);
  Motor tach_motor(3, 72);
  Needle tach(tach_motor, Dial::tach);
  tach.restore(72);
  tach.set_target(100);
  CHECK(rest(fuel) < 200);
  CHECK(rest(tach) > 700);
  CHECK(fuel_motor.place == 144);
  CHECK(tach_motor.place == 144);
}

TEST_CASE("a new trim shows at once, by a single step too") {
  Motor motor(3, 432);
  Needle needle(motor, Dial::fuel_5h);
  needle.restore(432);
  needle.set_target(500);
  needle.set_trim({1, 1});
  rest(needle);
  CHECK(motor.place == 433);
  needle.set_trim({1, 3});
  rest(needle);
  CHECK(motor.place == 434);
  needle.set_trim({-1, 3});
  rest(needle);
  CHECK(motor.place == 433);
}

TEST_CASE("a needle that rested for hours starts as gently as ever") {
  Motor motor(3, 432);
  Needle needle(motor, Dial::tach);
  needle.restore(432);
  needle.set_target(1000);
  needle.tick(3'600'000);
  CHECK(motor.place <= 433);
  for (int ms = 0; ms < 20; ++ms) needle.tick(1);
  CHECK(motor.place <= 440);
  CHECK(rest(needle) > 1500);  // the tach's lag is not skipped either
  CHECK(motor.place == 792);
}
