#include "gauge/lamps.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

using namespace gauge;
using contract::Lamp;

namespace {

constexpr std::uint8_t kAll = 0b1111111;

LampInputs said(std::uint8_t mask) { return {mask, 0, false, 0, 255}; }

LampInputs lost(std::uint8_t blinks) { return {kAll, blinks, false, 0, 255}; }

std::uint8_t level(const LampLevels& levels, Lamp lamp) { return levels[static_cast<std::size_t>(lamp)]; }

std::uint8_t bit(Lamp lamp) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(lamp)); }

auto lit(const LampLevels& levels) {
  return std::count_if(levels.begin(), levels.end(), [](std::uint8_t one) { return one > 0; });
}

// How often `lamp` goes from dark to lit in `ms`, sampled as the needle task does, and how much of the time it is lit.
struct Watched {
  int flashes = 0;
  double share = 0;
  std::uint8_t least = 255;
  std::uint8_t most = 0;
};

Watched watch(const LampInputs& inputs, Lamp lamp, Millis ms) {
  Lamps lamps;
  Watched seen;
  bool was = true;
  int on = 0;
  for (Millis now = 0; now < ms; now += 20) {
    const std::uint8_t one = level(lamps.tick(inputs, now), lamp);
    seen.flashes += one > 0 && !was;
    was = one > 0;
    on += was;
    seen.least = std::min(seen.least, one);
    seen.most = std::max(seen.most, one);
  }
  seen.share = on * 20.0 / ms;
  return seen;
}

}  // namespace

TEST_CASE("model lamps, WARN and the publisher's STALL are steady, and no other lamp is lit") {
  for (const Lamp lamp : {Lamp::opus, Lamp::sonnet, Lamp::haiku, Lamp::warn, Lamp::stall}) {
    Lamps lamps;
    for (Millis now = 0; now < 5000; now += 20) {
      const LampLevels levels = lamps.tick(said(bit(lamp)), now);
      CHECK(level(levels, lamp) == 255);
      CHECK(lit(levels) == 1);
    }
  }
}

TEST_CASE("HOT flashes about twice a second, half of the time lit") {
  const Watched hot = watch(said(bit(Lamp::hot)), Lamp::hot, 10'000);
  CHECK(hot.flashes >= 18);
  CHECK(hot.flashes <= 21);
  CHECK(hot.share == doctest::Approx(0.5).epsilon(0.05));
}

TEST_CASE("IDLE breathes in about 4 s, up and down smoothly, and never goes dark") {
  Lamps lamps;
  int turns = 0;
  int before = level(lamps.tick(said(bit(Lamp::idle)), 0), Lamp::idle);
  int way = 1;
  int least = 255;
  int most = 0;
  for (Millis now = 20; now < 40'960; now += 20) {
    const int one = level(lamps.tick(said(bit(Lamp::idle)), now), Lamp::idle);
    CHECK(std::abs(one - before) <= 5);
    if ((one - before) * way < 0) {
      ++turns;
      way = -way;
    }
    before = one;
    least = std::min(least, one);
    most = std::max(most, one);
  }
  CHECK(turns == 19);
  CHECK(least >= 20);
  CHECK(least <= 40);
  CHECK(most == 255);
}

TEST_CASE("what is lost is counted on STALL: so many slow blinks and a pause, whatever the lamps were told") {
  for (int blinks = 1; blinks <= kMostBlinks; ++blinks) {
    CAPTURE(blinks);
    const Watched stall = watch(lost(static_cast<std::uint8_t>(blinks)), Lamp::stall, 10 * 4096);
    CHECK(stall.flashes == 10 * blinks - 1);  // it begins lit
    CHECK(stall.share == doctest::Approx(blinks * 512.0 / 4096).epsilon(0.02));
    for (const Lamp other : {Lamp::opus, Lamp::sonnet, Lamp::haiku, Lamp::hot, Lamp::warn, Lamp::idle}) {
      CHECK(watch(lost(static_cast<std::uint8_t>(blinks)), other, 5000).most == 0);
    }
  }
}

namespace {

// How long STALL is lit and dark in turn, as somebody sees it who looks each 20 ms.
std::vector<int> turns(Lamps& lamps, const LampInputs& inputs, Millis from, Millis ms) {
  std::vector<int> found{0};
  bool was = true;
  for (Millis passed = 0; passed < ms; passed += 20) {
    const bool on = level(lamps.tick(inputs, from + passed), Lamp::stall) > 0;
    if (on != was) found.push_back(0);
    was = on;
    found.back() += 20;
  }
  return found;
}

}  // namespace

TEST_CASE("a group of blinks is told from the next by a pause that is far longer than the gaps in it") {
  Lamps lamps;
  const std::vector<int> three = turns(lamps, lost(3), 0, 4096);
  REQUIRE(three.size() == 6);
  for (const std::size_t on : {0, 2, 4}) CHECK(three[on] == doctest::Approx(512).epsilon(0.05));
  for (const std::size_t gap : {1, 3}) CHECK(three[gap] == doctest::Approx(256).epsilon(0.1));
  CHECK(three[5] > 2000);
  Lamps others;
  const std::vector<int> most = turns(others, lost(kMostBlinks), 0, 4096);
  REQUIRE(most.size() == 2 * kMostBlinks);
  CHECK(most.back() > 1000);
}

TEST_CASE("every group is whole: it begins when it comes to be seen, and ends as it began") {
  Lamps lamps;
  constexpr Millis kStart = 12'345;                        // anywhere
  CHECK(turns(lamps, lost(2), kStart, 2000).size() == 4);  // in the pause after two
  SUBCASE("what is missing changes under way: the next group says it") {
    lamps.tick(lost(3), kStart + 2000);
    CHECK(turns(lamps, lost(3), kStart + 2020, 4096 - 2040).size() == 2);  // dark
    CHECK(turns(lamps, lost(3), kStart + 4096, 4096).size() == 6);
  }
  SUBCASE("in the middle of a blink it goes on as the group began") {
    Lamps begun;
    CHECK(turns(begun, lost(3), kStart, 900).size() == 3);
    CHECK(turns(begun, lost(1), kStart + 900, 3000).size() == 4);
  }
  SUBCASE("another show came between") {
    lamps.identify(kStart + 2000);
    lamps.tick(lost(2), kStart + 2000);
    lamps.tick(lost(2), kStart + 6980);
    CHECK(turns(lamps, lost(2), kStart + 7000, 4096).size() == 4);
  }
  SUBCASE("the set-up network was open") {
    LampInputs portal = lost(2);
    portal.portal = true;
    lamps.tick(portal, kStart + 2100);
    CHECK(turns(lamps, lost(2), kStart + 2120, 4096).size() == 4);
  }
  SUBCASE("the publisher was there for a moment") {
    lamps.tick(said(0), kStart + 2100);
    CHECK(turns(lamps, lost(3), kStart + 2120, 4096).size() == 6);
  }
  SUBCASE("nobody ticked for a long time") { CHECK(turns(lamps, lost(2), kStart + 1'000'000, 4096).size() == 4); }
}

TEST_CASE("patterns run on across the wrap of the clock") {
  Lamps lamps;
  const Millis last = std::numeric_limits<Millis>::max();
  CHECK(turns(lamps, lost(3), last - 1000, 4096).size() == 6);
  CHECK(turns(lamps, lost(3), last - 1000 + 4096, 4096).size() == 6);
  const int before = level(lamps.tick(said(bit(Lamp::idle)), last), Lamp::idle);
  const int after = level(lamps.tick(said(bit(Lamp::idle)), last + 1), Lamp::idle);
  CHECK(std::abs(after - before) <= 1);
}

TEST_CASE("the bulb check lights each lamp once, from left to right, then all, and is over in 2 s") {
  Lamps lamps;
  lamps.check(7000);
  std::size_t next = 0;
  bool all = false;
  Millis now = 7000;
  for (; now < 7000 + kBulbCheckMs; now += 20) {
    const LampLevels levels = lamps.tick(said(0), now);
    if (lit(levels) == 7) {
      all = true;
      continue;
    }
    REQUIRE(lit(levels) == 1);
    CHECK_FALSE(all);
    if (next < levels.size() && levels[next] > 0) ++next;
    CHECK(levels[next - 1] == 255);
  }
  CHECK(next == 7);
  CHECK(all);
  CHECK(kBulbCheckMs <= 2000);
  CHECK(lit(lamps.tick(said(0), now)) == 0);
}

TEST_CASE("identify flashes all lamps for 5 s, whatever else is shown") {
  Lamps lamps;
  lamps.identify(100);
  CHECK(lit(lamps.tick(lost(1), 100)) == 7);
  CHECK(lit(lamps.tick(lost(1), 100 + 256)) == 0);
  CHECK(lit(lamps.tick(lost(1), 100 + 512)) == 7);
  CHECK(lit(lamps.tick(said(bit(Lamp::opus)), 100 + 4999)) != 1);
  CHECK(lit(lamps.tick(said(bit(Lamp::opus)), 100 + 5000)) == 1);
}

TEST_CASE("a show that is over does not come back when the clock wraps") {
  Lamps lamps;
  lamps.identify(100);
  lamps.tick(said(0), 10'000);
  CHECK(lit(lamps.tick(said(0), 100)) == 0);
}

TEST_CASE("held for 3 s all lamps light, then one goes out each second, and all are dark at 10 s") {
  Lamps lamps;
  lamps.identify(0);  // dark at 300
  LampInputs held = said(0);
  held.brightness = 0;
  for (const auto& [ms, expected] : {std::pair{3000, 7}, {3999, 7}, {4000, 6}, {6500, 4}, {9999, 1}, {10'000, 0}}) {
    held.held = static_cast<Millis>(ms);
    CAPTURE(ms);
    CHECK(lit(lamps.tick(held, 300)) == expected);
  }
  held.held = 60'000;
  CHECK(lit(lamps.tick(held, 300)) == 0);
}

TEST_CASE("a button that is down for less than 3 s changes no lamp") {
  Lamps lamps;
  LampInputs held = said(bit(Lamp::opus));
  held.held = 2999;
  CHECK(lit(lamps.tick(held, 50)) == 1);
}

TEST_CASE("the set-up network shows one light that runs from left to right, in turn with a pause") {
  Lamps lamps;
  LampInputs portal = said(kAll);
  portal.portal = true;
  for (Millis place = 0; place < 16; ++place) {
    const LampLevels levels = lamps.tick(portal, place * 128 + 60);
    CAPTURE(place);
    CHECK(lit(levels) == (place % 8 == 7 ? 0 : 1));
    if (place % 8 < 7) CHECK(levels[place % 8] == 255);
  }
}

TEST_CASE("brightness dims what the publisher says, and 0 switches it off, but not what the user asked to see") {
  Lamps lamps;
  LampInputs dim = said(bit(Lamp::opus));
  dim.brightness = 51;
  CHECK(level(lamps.tick(dim, 0), Lamp::opus) == 51);
  dim.brightness = 0;
  CHECK(lit(lamps.tick(dim, 0)) == 0);
  lamps.identify(0);
  CHECK(level(lamps.tick(dim, 0), Lamp::opus) == 255);
}

TEST_CASE("the PWM's duty follows the eye: rising, dark only at 0, full at 255, a quarter of the light at half") {
  CHECK(pwm_duty(0) == 0);
  CHECK(pwm_duty(1) == 1);
  CHECK(pwm_duty(255) == 4095);
  CHECK(pwm_duty(128) == doctest::Approx(4095 / 4).epsilon(0.02));
  for (int one = 1; one < 256; ++one) {
    CHECK(pwm_duty(static_cast<std::uint8_t>(one)) >= pwm_duty(static_cast<std::uint8_t>(one - 1)));
  }
}
