// The session without a broker: GET /usage.

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "gauge/session.hpp"
#include "session_bench.hpp"

using namespace gauge;
using gauge_test::SessionBench;

namespace {

Usage usage(std::string_view updated_at) {
  Usage made;
  made.needles = {100, 200, -1};
  made.last_model = "haiku";
  made.idle = true;
  made.updated_at = updated_at;
  return made;
}

void with_http(SessionBench& bench) { REQUIRE(set(bench.settings, "http_url", "http://desk:8080/usage") == nullptr); }

}  // namespace

TEST_CASE("HTTP is wanted when the broker is away for a minute, and no more when it is back") {
  SessionBench bench;
  with_http(bench);
  bench.mqtt.answer = MqttResult::unreachable;
  bench.run(60'000);
  CHECK_FALSE(bench.session.wants_http());
  bench.run(1000);
  CHECK(bench.session.wants_http());
  bench.wifi = false;
  bench.run(100);
  CHECK_FALSE(bench.session.wants_http());
  bench.wifi = true;
  bench.mqtt.answer = MqttResult::connected;
  bench.run(200);
  CHECK_FALSE(bench.session.wants_http());
  bench.mqtt.up = false;
  bench.mqtt.answer = MqttResult::unreachable;
  bench.run(50'000);
  CHECK_FALSE(bench.session.wants_http());
  bench.run(11'000);
  CHECK(bench.session.wants_http());
}

TEST_CASE("HTTP is wanted at once where no broker is set, and never without an address") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "broker_host", "") == nullptr);
  bench.run(120'000);
  CHECK_FALSE(bench.session.wants_http());
  with_http(bench);
  bench.run(100);
  CHECK(bench.session.wants_http());
  CHECK(bench.mqtt.connects == 0);
}

TEST_CASE("an answer over HTTP moves needles and lamps, and they park when its time stands still") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "broker_host", "") == nullptr);
  with_http(bench);
  bench.run(100);
  bench.session.on_usage(usage("2026-11-22T12:00:00Z"), bench.now);
  bench.run(100);
  CHECK(bench.targets.needles[1] == 200);
  CHECK(bench.targets.lamps == 0b1000100);
  CHECK(bench.targets.played == 0);
  CHECK(bench.targets.link == Link::live);
  CHECK(bench.targets.fresh);
  for (int s = 0; s < 91; ++s) {
    bench.session.on_usage(usage("2026-11-22T12:00:00Z"), bench.now);
    bench.run(1000);
  }
  CHECK(bench.targets.link == Link::stale);
  CHECK_FALSE(bench.targets.fresh);
  Usage of_demo = usage("2026-11-22T12:01:31Z");
  of_demo.source = "demo";
  bench.session.on_usage(of_demo, bench.now);
  bench.run(100);
  CHECK(bench.targets.link == Link::live);
  CHECK(bench.targets.played == played("demo"));
}

TEST_CASE(
    "an answer over HTTP that is out of range is refused and counted, and one while the broker is there ignored") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "broker_host", "") == nullptr);
  with_http(bench);
  bench.run(100);
  Usage bad = usage("2026-11-22T12:00:00Z");
  bad.needles[0] = 1001;
  bench.session.on_usage(bad, bench.now);
  const std::string long_time(41, '2');
  bench.session.on_usage(usage(long_time), bench.now);
  CHECK(bench.targets.needles[1] == -1);
  CHECK(bench.session.counters().dropped == 2);

  SessionBench other;
  with_http(other);
  other.meet();
  REQUIRE(set(other.settings, "broker_host", "") == nullptr);  // for the next connect
  other.run(100);
  other.session.on_usage(usage("2026-11-22T12:00:00Z"), other.now);
  CHECK(other.targets.needles[1] == -1);
}

TEST_CASE("a broker that takes no subscription is none: HTTP is wanted after a minute as well") {
  SessionBench bench;
  with_http(bench);
  bench.mqtt.takes_subscriptions = false;
  bench.run(61'000);
  bool wanted = true;
  for (int s = 0; s < 300; ++s) {
    bench.run(1000);
    wanted = wanted && bench.session.wants_http();
  }
  CHECK(wanted);
}
