// How a cluster starts, rests, and remembers where it stands.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "cluster_bench.hpp"

using namespace gauge_test;

TEST_CASE("at power-on the needles find their stops while the lamps are checked, sweep once, then show what is said") {
  ClusterBench bench;
  bench.show(0, 500, 1000, kOpus);
  bench.cluster.start(ClusterStart{}, bench.now);
  bench.run(1);
  CHECK(bench.lit() == 1);
  CHECK(bench.cluster.moving());
  bench.run(1400);
  CHECK(bench.lit() == 7);
  const Millis took = bench.rest();
  CHECK(took < 8000);
  CHECK(bench.swept() == 3);
  CHECK(bench.stands(24, 144, 264));
  bench.run(20);
  CHECK(bench.lit() == 1);
  CHECK(bench.lamp(Lamp::opus) == 255);
}

TEST_CASE("a quiet start homes, without sweep and bulb check") {
  ClusterBench bench;
  bench.show(0, 100, 200, kOpus);
  bench.cluster.start(kQuiet, bench.now);
  bench.run(1400);
  CHECK(bench.lit() == 1);
  bench.rest();
  CHECK(bench.motors[1].highest < 264 * 3);
  CHECK(bench.stands(24, 48, 72));
}

TEST_CASE("values that nobody stands for park the needles, and STALL blinks alone") {
  ClusterBench bench;
  bench.show(900, 900, 900, 0b1111111);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  CHECK(bench.stands(240, 240, 240));
  bench.targets.fresh = false;
  bench.rest();
  CHECK(bench.stands(6, 6, 6));
  bool blinked = false;
  for (int step = 0; step < 4096 / 20; ++step) {
    bench.run(20);
    CHECK(bench.lit() == (bench.lamp(Lamp::stall) > 0 ? 1 : 0));
    blinked = blinked || bench.lamp(Lamp::stall) > 0;
  }
  CHECK(blinked);
  bench.targets.fresh = true;
  bench.rest();
  CHECK(bench.stands(240, 240, 240));
}

TEST_CASE(
    "STALL blinks once without Wi-Fi, twice without a broker, three times without a publisher, four in safe mode") {
  const auto counted = [](Link link, bool safe_mode) {
    ClusterBench bench;
    bench.targets.link = link;
    bench.targets.safe_mode = safe_mode;
    bench.cluster.start(kQuiet, bench.now);
    int found = 0;
    bool was = false;
    for (int step = 0; step < 4096 / 20; ++step) {
      bench.run(20);
      const bool on = bench.lamp(Lamp::stall) > 0;
      found += on && !was;
      was = on;
    }
    return found;
  };
  CHECK(counted(Link::no_wifi, false) == 1);
  CHECK(counted(Link::no_broker, false) == 2);
  CHECK(counted(Link::publisher_offline, false) == 3);
  CHECK(counted(Link::stale, false) == 3);
  CHECK(counted(Link::no_wifi, true) == 4);
}

TEST_CASE("after a soft reset the kept places are believed: no homing, no sweep, no bulb check") {
  ClusterBench before;
  before.show(300, 400, 500, kOpus);
  before.cluster.start(kQuiet, before.now);
  before.rest();
  before.run(5);

  ClusterBench after;
  for (std::size_t dial = 0; dial < 3; ++dial) after.motors[dial].place = before.motors[dial].place;
  after.kept = before.kept;
  after.show(300, 400, 500, kOpus);
  after.cluster.start({false, true, false}, after.now);
  after.run(5000);
  for (const Motor& motor : after.motors) CHECK(motor.steps == 0);
  CHECK(after.stands(96, 120, 144));
  CHECK(after.lit() == 1);
}

TEST_CASE("after a reset that may have moved a needle it is looked for from where it was left, and nearly not pushed") {
  ClusterBench before;
  before.show(300, 400, 500, kOpus);
  before.cluster.start(kQuiet, before.now);
  before.rest();
  before.run(5);

  ClusterBench after;
  const std::array<int, 3> pushed_by{-40, 0, 40};
  for (std::size_t dial = 0; dial < 3; ++dial) after.motors[dial].place = before.motors[dial].place + pushed_by[dial];
  after.kept = before.kept;
  after.show(300, 400, 500, kOpus);
  after.cluster.start(kQuiet, after.now);
  CHECK_FALSE(resting_steps(after.kept));
  after.run(1000);
  for (const Motor& motor : after.motors) CHECK(motor.highest <= 144 * 3 + 40);  // never up first
  after.rest();
  CHECK(after.stands(96, 120, 144));
}

TEST_CASE("after a brown-out the needles are looked for one after the other, without sweep or lamp check") {
  for (const bool kept : {false, true}) {
    ClusterBench bench;
    if (kept) bench.kept = keep({500, 0, 944});
    bench.cluster.start(kOneByOne, bench.now);
    CHECK(bench.cluster.moving());
    int together = 0;
    std::array<std::int32_t, 3> steps{};
    for (int ms = 0; ms < 12'000 && bench.cluster.moving(); ++ms) {
      bench.run(1);
      int moved = 0;
      for (std::size_t dial = 0; dial < 3; ++dial) {
        moved += bench.motors[dial].steps != steps[dial];
        steps[dial] = bench.motors[dial].steps;
      }
      together = std::max(together, moved);
    }
    CHECK(together == 1);
    CHECK(bench.stands(6, 6, 6));
  }
}

TEST_CASE("a reset in the middle of a swing finds no kept places, at rest it finds them again") {
  ClusterBench bench;
  bench.show(300, 400, 500, 0);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  bench.run(2);
  CHECK(resting_steps(bench.kept));
  bench.targets.needles[2] = 510;
  bench.run(1);
  CHECK_FALSE(resting_steps(bench.kept));
  bench.rest();
  bench.run(2);
  REQUIRE(resting_steps(bench.kept));
  for (std::size_t dial = 0; dial < 3; ++dial) CHECK((*resting_steps(bench.kept))[dial] == bench.motors[dial].place);
}

TEST_CASE("the kept places are gone before the first step is made") {
  // A motor that looks, at each step, whether a reset now would find places.
  class Watchful final : public CoilDriver {
   public:
    explicit Watchful(const Kept& kept) : kept_(kept) {}
    std::int32_t steps_per_degree() const override { return contract::kStepsPerDegree; }
    void step_up() override { look(); }
    void step_down() override { look(); }
    int steps = 0;
    int found = 0;

   private:
    void look() {
      ++steps;
      found += resting_steps(kept_).has_value();
    }
    const Kept& kept_;
  };
  Kept kept = keep({18, 18, 18});
  Watchful motor(kept);
  Targets targets;
  Cluster cluster({&motor, &motor, &motor}, targets, kept);
  cluster.start(kQuiet, 0);
  targets.needles[0] = 500;
  targets.fresh = true;
  for (Millis now = 1; now < 3000; ++now) cluster.tick({}, now);
  CHECK(motor.steps > 100);
  CHECK(motor.found == 0);
}

TEST_CASE("a cluster that was never started moves nothing and keeps no places") {
  ClusterBench bench;
  bench.show(500, 500, 500, 0);
  bench.run(100);
  for (const Motor& motor : bench.motors) CHECK(motor.steps == 0);
  CHECK_FALSE(resting_steps(bench.kept));
}
