#include "gauge/scale.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

using namespace gauge;

constexpr std::int16_t kNoData = contract::kNeedleUnknown;

double exact_deg(int value) { return 24 + value * 240.0 / 1000; }

TEST_CASE("a value stands where its printed mark is, to half a step") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    const Scale scale(steps_per_degree, Trim{});
    for (std::int16_t value = 0; value <= 1000; ++value) {
      const double off = scale.step(value) - exact_deg(value) * steps_per_degree;
      CAPTURE(value);
      CHECK(std::abs(off) <= 0.5);
      CHECK(std::abs(static_cast<double>(scale.degrees(scale.step(value))) - exact_deg(value)) <=
            0.5 / steps_per_degree + 1e-4);
    }
    CHECK(scale.step(kNoData) == 6 * steps_per_degree);
  }
}

TEST_CASE("the plain motor has 945 steps, the driver chip 3780") {
  CHECK(Scale(3, Trim{}).last_step() == 944);
  CHECK(Scale(12, Trim{}).last_step() == 3779);
}

TEST_CASE("trims move the ends of the scale and all in between, but never where a needle parks") {
  const Scale plain(3, Trim{});
  const Scale trimmed(3, Trim{-6, 9});
  CHECK(trimmed.step(0) == plain.step(0) - 6);
  CHECK(trimmed.step(1000) == plain.step(1000) + 9);
  CHECK(trimmed.step(400) == plain.step(400));
  CHECK(trimmed.step(kNoData) == plain.step(kNoData));
  const Scale fine(12, Trim{-6, 9});
  CHECK(fine.step(0) == Scale(12, Trim{}).step(0) - 24);
  CHECK(fine.step(1000) == Scale(12, Trim{}).step(1000) + 36);
}

TEST_CASE("whatever the value and the trims: between the stops, in order, and no data below zero") {
  for (const std::int32_t steps_per_degree : {3, 12}) {
    for (int zero = -kTrimMax; zero <= kTrimMax; zero += 5) {
      for (int full = -kTrimMax; full <= kTrimMax; full += 5) {
        const Scale scale(steps_per_degree, Trim{static_cast<std::int16_t>(zero), static_cast<std::int16_t>(full)});
        std::int32_t before = scale.step(kNoData);
        bool in_order = before > 0 && before < scale.step(0);
        for (std::int16_t value = 0; value <= 1000; ++value) {
          in_order = in_order && scale.step(value) >= before;
          before = scale.step(value);
        }
        CAPTURE(zero);
        CAPTURE(full);
        CHECK(in_order);
        CHECK(before < scale.last_step());
      }
    }
  }
}

TEST_CASE("what is out of range is shown at the end of its range") {
  using Limits = std::numeric_limits<std::int16_t>;
  const Scale scale(3, Trim{Limits::min(), Limits::max()});
  CHECK(scale.step(Limits::max()) == scale.step(1000));
  CHECK(scale.step(1001) == scale.step(1000));
  CHECK(scale.step(Limits::min()) == scale.step(kNoData));
  CHECK(scale.step(0) == Scale(3, Trim{-kTrimMax, kTrimMax}).step(0));
  CHECK(scale.step(1000) == Scale(3, Trim{-kTrimMax, kTrimMax}).step(1000));
}

TEST_CASE("a value that wavers by a third of a degree moves nothing") {
  for (const std::int32_t third : {1, 4}) {
    Hysteresis hysteresis(3 * third);
    CHECK(hysteresis.hold(500, 100 * third) == 100 * third);
    CHECK(hysteresis.hold(501, 101 * third) == 100 * third);
    CHECK(hysteresis.hold(499, 99 * third) == 100 * third);
    CHECK(hysteresis.hold(502, 101 * third + 1) == 101 * third + 1);
    CHECK(hysteresis.hold(500, 100 * third) == 100 * third);
  }
}

TEST_CASE("a creeping value is shown to a third of a degree") {
  const Scale scale(3, Trim{});
  Hysteresis hysteresis(3);
  for (std::int16_t value = 0; value <= 1000; ++value) {
    const std::int32_t step = scale.step(value);
    CHECK(std::abs(hysteresis.hold(value, step) - step) <= 1);
  }
}

TEST_CASE("no data, empty and full are shown exactly") {
  Hysteresis hysteresis(3);
  CHECK(hysteresis.hold(1, 73) == 73);
  CHECK(hysteresis.hold(0, 72) == 72);
  CHECK(hysteresis.hold(1, 73) == 72);
  CHECK(hysteresis.hold(kNoData, 71) == 71);
  CHECK(hysteresis.hold(999, 791) == 791);
  CHECK(hysteresis.hold(1000, 792) == 792);
}

TEST_CASE("the first value is shown exactly") {
  CHECK(Hysteresis(3).hold(1, 0) == 0);
  CHECK(Hysteresis(12).hold(1, 2) == 2);
}

TEST_CASE("after a new trim the next value is shown exactly") {
  Hysteresis hysteresis(3);
  hysteresis.hold(500, 432);
  hysteresis.forget();
  CHECK(hysteresis.hold(500, 433) == 433);
}
