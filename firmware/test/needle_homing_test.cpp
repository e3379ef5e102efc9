#include "needle_rig.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace gauge_test;

TEST_CASE("a needle of which nobody knows where it stands does not move, and says so") {
  Motor motor;
  Needle needle(motor, Dial::fuel_5h);
  needle.set_target(500);
  needle.self_test();
  CHECK_FALSE(needle.moving());
  needle.tick(1);
  CHECK(motor.steps == 0);
  CHECK_FALSE(needle.step());
  CHECK_FALSE(needle.angle_deg());
}

TEST_CASE("a needle finds its stop, then shows its value, or parks if there is none") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    for (const auto dial : {Dial::fuel_5h, Dial::tach}) {
      for (const auto value : Values<4>{-1, 0, 500, 1000}) {
        Motor motor(steps_per_degree, 200 * steps_per_degree);
        Needle needle(motor, dial);
        needle.set_target(value);
        needle.home();
        CHECK(needle.moving());
        rest(needle);
        const double expected = value < 0 ? 6 : 24 + value * 0.24;
        CHECK(motor.place == doctest::Approx(expected * steps_per_degree).epsilon(0.001));
        CHECK(needle.step() == motor.place);
        CHECK(needle.angle_deg().value_or(-1) == doctest::Approx(expected).epsilon(0.001));
      }
    }
  }
}

TEST_CASE("while homing nobody knows where a needle stands") {
  Motor motor(3, 200);
  Needle needle(motor, Dial::fuel_5h);
  needle.home();
  for (int ms = 0; ms < 1000; ++ms) {
    CHECK_FALSE(needle.step());
    CHECK_FALSE(needle.angle_deg());
    needle.tick(1);
  }
}

TEST_CASE("a needle whose place was kept shows its value without homing") {
  Motor motor(3, 432, 0);
  Needle needle(motor, Dial::fuel_7d);
  needle.restore(432);
  needle.set_target(500);
  CHECK_FALSE(needle.moving());
  CHECK(needle.step() == 432);
  needle.set_target(600);
  rest(needle);
  CHECK(motor.place == 504);
  CHECK_FALSE(motor.hit_a_stop);
}

TEST_CASE("a needle moves between the stops only, whatever it is told, but for homing") {
  Motor motor(3, 18);
  Needle needle(motor, Dial::fuel_5h);
  needle.restore(18);
  for (const auto value : Values<8>{1000, 0, 1000, -1, 1000, 32767, -32768, 0}) {
    needle.set_target(value);
    for (int ms = 0; ms < 700; ++ms) needle.tick(1);
  }
  rest(needle);
  CHECK_FALSE(motor.hit_a_stop);
  CHECK(motor.place == 72);
}

TEST_CASE("a self-test goes to full and to 0, then to the value") {
  for (const auto dial : {Dial::fuel_5h, Dial::tach}) {
    Motor motor(3, 432);
    Needle needle(motor, dial);
    needle.restore(432);
    needle.set_target(500);
    needle.self_test();
    CHECK(needle.moving());
    motor.highest = 432;
    motor.lowest = 432;
    const int ms = rest(needle);
    CHECK(ms < 4000);
    CHECK(motor.highest == 792);
    CHECK(motor.lowest == 72);
    CHECK(motor.place == 432);
  }
}

TEST_CASE("a value that comes during a self-test is shown after it") {
  Motor motor(3, 72);
  Needle needle(motor, Dial::fuel_5h);
  needle.restore(72);
  needle.set_target(0);
  needle.self_test();
  for (int ms = 0; ms < 500; ++ms) needle.tick(1);
  needle.self_test();  // asked twice, done once
  needle.set_target(250);
  const int ms = rest(needle);
  CHECK(motor.highest == 792);
  CHECK(motor.place == 252);
  CHECK(ms < 3000);
}

TEST_CASE("a self-test that is asked for while homing follows it") {
  Motor motor(3, 500);
  Needle needle(motor, Dial::fuel_5h);
  needle.home();
  needle.self_test();
  bool found = false;
  for (int ms = 0; ms < 6000 && needle.moving(); ++ms) {
    needle.tick(1);
    if (!found && needle.step()) {
      found = true;
      motor.highest = motor.place;
    }
  }
  CHECK(found);
  CHECK(motor.highest == 792);
  CHECK(motor.place == 18);
}

TEST_CASE("a needle in full swing comes to rest before it is homed") {
  Motor motor(3, 72);
  Needle needle(motor, Dial::fuel_5h);
  needle.restore(72);
  needle.set_target(999);
  for (int ms = 0; ms < 400; ++ms) needle.tick(1);
  needle.home();
  int first_steps = 0;
  for (int ms = 0; ms < 10; ++ms) {
    const std::int32_t before = motor.place;
    needle.tick(1);
    first_steps += motor.place - before;
  }
  CHECK(first_steps >= 8);
  rest(needle, 8000);
  CHECK(motor.place == 791);
  CHECK(motor.phase == 791 % 6);
}

TEST_CASE("a needle that is homing is not homed from the start again") {
  Motor motor(3, 200);
  Needle needle(motor, Dial::fuel_5h);
  needle.home();
  int ms = 0;
  for (; needle.moving() && ms < 6000; ++ms) {
    if (ms % 100 == 0 && !needle.step()) needle.home();
    needle.tick(1);
  }
  CHECK(ms < 3500);
  CHECK(motor.place == 18);
}
