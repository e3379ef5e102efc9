#include "gauge/time.hpp"

#include <doctest/doctest.h>

#include <limits>

using gauge::Millis;
using gauge::reached;
using gauge::since;

constexpr Millis kLast = std::numeric_limits<Millis>::max();

TEST_CASE("time since an instant is right across the wrap of the clock") {
  CHECK(since(100, 250) == 150);
  CHECK(since(kLast - 9, 10) == 20);
}

TEST_CASE("an instant is reached when it comes, not before, across the wrap too") {
  CHECK_FALSE(reached(1000, 999));
  CHECK(reached(1000, 1000));
  CHECK(reached(1000, 1001));
  CHECK_FALSE(reached(5, kLast - 5));
  CHECK(reached(kLast - 5, 5));
}
