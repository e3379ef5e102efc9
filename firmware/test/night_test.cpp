#include "gauge/night.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>

using gauge::kNoLightSensor;
using gauge::Night;

namespace {

std::uint8_t after(Night& night, int ticks, std::uint8_t set, std::int16_t ambient) {
  std::uint8_t level = 0;
  for (int tick = 0; tick < ticks; ++tick) level = night.tick(set, ambient);
  return level;
}

constexpr int kTenSeconds = 500;

}  // namespace

TEST_CASE("without a light sensor the brightness is what was set") {
  Night night;
  for (const int set : {0, 1, 77, 255}) CHECK(after(night, 3, static_cast<std::uint8_t>(set), kNoLightSensor) == set);
}

TEST_CASE("a dark room dims the lamps to a quarter, a bright one gives them back") {
  Night night;
  CHECK(after(night, kTenSeconds, 200, 100) == 50);
  CHECK(after(night, kTenSeconds, 200, 3000) == 200);
}

TEST_CASE("dimming is a slow fade, not a step") {
  Night night;
  int before = 200;
  for (int tick = 0; tick < kTenSeconds; ++tick) {
    const int level = night.tick(200, 0);
    CHECK(std::abs(level - before) <= 2);
    before = level;
  }
  CHECK(before == 50);
}

TEST_CASE("between the two thresholds nothing changes, so twilight does not flicker") {
  Night night;
  after(night, kTenSeconds, 200, 100);
  CHECK(after(night, kTenSeconds, 200, 650) == 50);
  after(night, kTenSeconds, 200, 800);
  CHECK(after(night, kTenSeconds, 200, 450) == 200);
}

TEST_CASE("a hand's shadow of a fifth of a second does not dim") {
  Night night;
  after(night, kTenSeconds, 200, 1500);
  CHECK(after(night, 10, 200, 0) == 200);
  CHECK(after(night, kTenSeconds, 200, 1500) == 200);
}

TEST_CASE("lamps that are on never dim to dark, lamps that are off stay off") {
  Night night;
  CHECK(after(night, kTenSeconds, 2, 0) == 1);
  CHECK(after(night, kTenSeconds, 0, 0) == 0);
}

TEST_CASE("a sensor that is taken away gives the brightness back") {
  Night night;
  after(night, kTenSeconds, 200, 0);
  CHECK(after(night, kTenSeconds, 200, kNoLightSensor) == 200);
}
