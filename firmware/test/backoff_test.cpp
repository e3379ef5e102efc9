#include "gauge/backoff.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>
#include <set>

using namespace gauge;

constexpr std::array<Millis, 9> kDelays{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};

TEST_CASE("each try waits twice as long, up to 60 s, give or take 20 %") {
  std::mt19937 random(1);
  std::set<Millis> first;
  for (int device = 0; device < 500; ++device) {
    Backoff backoff(60'000);
    for (const Millis delay : kDelays) {
      const Millis wait = backoff.next(static_cast<std::uint32_t>(random()));
      CHECK(wait >= delay * 4 / 5);
      CHECK(wait <= delay * 6 / 5);
      if (delay == 1000) first.insert(wait);
    }
  }
  CHECK(first.size() > 200);
}

TEST_CASE("no wait is longer than asked for, but for the spread") {
  Backoff backoff(4'000);
  for (int n = 0; n < 9; ++n) CHECK(backoff.next(0xFFFFFFFF) <= 4'800);
}

TEST_CASE("the whole spread is used") {
  Backoff shortest(60'000);
  Backoff longest(60'000);
  CHECK(shortest.next(0) == 800);
  CHECK(longest.next(400) == 1200);
  CHECK(Backoff(60'000).next(0xFFFFFFFF) <= 1200);
}

TEST_CASE("after success it starts again at 1 s") {
  Backoff backoff(60'000);
  for (int n = 0; n < 5; ++n) backoff.next(200);
  backoff.reset();
  CHECK(backoff.next(200) == 1000);
  CHECK(backoff.next(400) == 2000);
}
