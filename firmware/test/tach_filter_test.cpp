#include "gauge/tach_filter.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

using gauge::TachFilter;

TEST_CASE("after 0.2 to 0.3 s the tach has gone 63 % of its way") {
  TachFilter filter;
  filter.start_at(100);
  std::int32_t step = 0;
  int ms = 0;
  for (; step < 100 + 632; ++ms) step = filter.follow(1100, 1);
  CHECK(ms >= 200);
  CHECK(ms <= 300);
}

TEST_CASE("the tach follows an exponential, to a step") {
  TachFilter filter;
  filter.start_at(0);
  for (int ms = 1; ms < 2000; ++ms) {
    const double expected = 900 * (1 - std::exp(-ms / 256.0));
    CHECK(std::abs(filter.follow(900, 1) - expected) < 1.5);
  }
}

TEST_CASE("the tach ends exactly on its target, from either side, within 3 s") {
  for (const std::int32_t from : {0, 1, 499, 500, 501, 944, 3779}) {
    TachFilter filter;
    filter.start_at(from);
    std::int32_t step = from;
    for (int ms = 0; ms < 3000; ++ms) {
      const std::int32_t before = step;
      step = filter.follow(500, 1);
      CHECK(std::abs(step - 500) <= std::abs(before - 500));
    }
    CHECK(step == 500);
  }
}

TEST_CASE("a late call brings the tach as far as the calls it stands for") {
  TachFilter slow;
  TachFilter fast;
  slow.start_at(10);
  fast.start_at(10);
  for (int ms = 0; ms < 50; ++ms) fast.follow(900, 1);
  CHECK(slow.follow(900, 50) == fast.follow(900, 0));
}
