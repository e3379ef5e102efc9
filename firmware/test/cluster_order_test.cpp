// What a cluster is told: orders, trims, the button, brightness.

#include <doctest/doctest.h>

#include <cstdint>

#include "cluster_bench.hpp"

using namespace gauge_test;

TEST_CASE(
    "orders: self-test sweeps and checks the lamps, home finds a needle that was turned by hand, identify flashes") {
  ClusterBench bench;
  bench.show(100, 100, 100, kOpus);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  bench.forget_highest();

  bench.targets.orders.raise(Order::self_test);
  bench.run(1400);
  CHECK(bench.lit() == 7);
  bench.rest();
  CHECK(bench.swept() == 3);
  CHECK(bench.stands(48, 48, 48));

  bench.motors[1].place = 400;
  bench.run(10);
  CHECK_FALSE(bench.stands(48, 48, 48));
  bench.targets.orders.raise(Order::home);
  bench.rest();
  CHECK(bench.stands(48, 48, 48));

  bench.targets.orders.raise(Order::identify);
  bench.run(20);
  CHECK(bench.lit() == 7);
  bench.run(5000);
  CHECK(bench.lit() == 1);
}

TEST_CASE("a trim moves its needle at once and no other") {
  ClusterBench bench;
  bench.show(0, 0, 0, 0);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  bench.targets.trims[2] = Trim{15, 0};
  bench.rest();
  CHECK(bench.stands(24, 24, 29));
}

TEST_CASE("a value that wavers by a step leaves the needle at rest") {
  ClusterBench bench;
  bench.show(500, 500, 500, 0);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  const auto steps = bench.motors[0].steps;
  for (int turn = 0; turn < 50; ++turn) {
    bench.targets.needles[0] = static_cast<std::int16_t>(500 + turn % 2 * 2);
    bench.run(100);
  }
  CHECK(bench.motors[0].steps == steps);
}

TEST_CASE("the button: short is a self-test, 3 s asks for set-up, 10 s for a factory reset with a count-down") {
  ClusterBench bench;
  bench.show(100, 100, 100, 0);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  bench.forget_highest();
  ClusterInputs down;
  down.button = true;

  bench.run(200, down);
  CHECK_FALSE(bench.cluster.moving());
  bench.run(100);
  CHECK(bench.targets.gestures.take(Gesture::press));
  bench.rest();
  CHECK(bench.swept() == 3);

  bench.run(3500, down);
  CHECK(bench.lit() == 7);
  bench.run(100);
  CHECK(bench.targets.gestures.take(Gesture::set_up));
  CHECK_FALSE(bench.targets.gestures.take(Gesture::press));

  bench.run(9500, down);
  CHECK(bench.lit() == 1);
  CHECK_FALSE(bench.targets.gestures.take(Gesture::factory_reset));
  bench.run(600, down);
  CHECK(bench.targets.gestures.take(Gesture::factory_reset));
  bench.run(100);
  CHECK_FALSE(bench.targets.gestures.take(Gesture::set_up));
}

TEST_CASE("brightness, light sensor and set-up network reach the lamps") {
  ClusterBench bench;
  bench.show(0, 0, 0, kOpus);
  bench.cluster.start(kQuiet, bench.now);
  bench.rest();
  bench.targets.brightness = 100;
  bench.run(40);
  CHECK(bench.lamp(Lamp::opus) == 100);
  ClusterInputs night;
  night.ambient = 0;
  bench.run(5000, night);
  CHECK(bench.lamp(Lamp::opus) == 25);
  bench.targets.portal = true;
  bool ran = false;
  for (int step = 0; step < 60; ++step) {
    bench.run(20);
    ran = ran || bench.lamp(Lamp::idle) > 0;
  }
  CHECK(ran);
}
