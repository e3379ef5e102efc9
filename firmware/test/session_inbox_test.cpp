// What the session does with what publisher and Home Assistant say.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "gauge/session.hpp"
#include "session_bench.hpp"

using namespace gauge;
using gauge_test::kOwn;
using gauge_test::SessionBench;

namespace {

constexpr char kConfig[] = "homeassistant/device/claude_gauge_display/a1b2c3d4e5f6/config";

bool heard(const SessionBench& bench, const std::string& filter) {
  return std::find(bench.mqtt.filters.begin(), bench.mqtt.filters.end(), filter) != bench.mqtt.filters.end();
}

}  // namespace

TEST_CASE("the publisher's values reach the needles and lamps, and its word makes them live") {
  SessionBench bench;
  bench.run(200);
  bench.say("display/needle/5h", "413");
  bench.say("display/needle/tach", "520");
  bench.say("display/needle/7d", "-1");
  bench.say("display/lamps", "9");
  bench.run(100);
  CHECK(bench.targets.needles[0] == 413);
  CHECK(bench.targets.needles[1] == 520);
  CHECK(bench.targets.needles[2] == -1);
  CHECK(bench.targets.lamps == 9);
  CHECK_FALSE(bench.targets.fresh);
  bench.say("availability", "online");
  bench.run(100);
  CHECK(bench.targets.fresh);
  CHECK(bench.targets.link == Link::live);
  bench.say("availability", "offline");
  bench.run(100);
  CHECK(bench.targets.link == Link::publisher_offline);
}

TEST_CASE("a heartbeat's number is its own: the display is stale after three of them") {
  SessionBench bench;
  bench.meet();
  bench.say("display/heartbeat", "2");
  bench.run(5900);
  CHECK(bench.targets.link == Link::live);
  bench.run(300);
  CHECK(bench.targets.link == Link::stale);
  CHECK_FALSE(bench.targets.fresh);
}

TEST_CASE("a bad payload leaves the value of before, is counted each time and logged once for each kind") {
  SessionBench bench;
  bench.meet();
  bench.say("display/needle/5h", "413");
  bench.say("display/lamps", "9");
  bench.run(100);
  const std::string big(10'000, '7');
  std::uint32_t bad = 0;
  for (const std::string& payload : {std::string(), std::string("nan"), std::string("12x"), std::string("1001"), big,
                                     std::string("\xff\xfe"), std::string("5\0", 2)}) {
    bench.say("display/needle/5h", payload);
    bench.say("display/lamps", payload + "x");
    bench.say("display/heartbeat", payload + "x");
    bench.say("availability", payload);
    bad += 4;
  }
  bench.run(100);
  CHECK(bench.targets.needles[0] == 413);
  CHECK(bench.targets.lamps == 9);
  CHECK(bench.targets.fresh);
  CHECK(bench.session.counters().dropped == bad);
  for (const auto refusal : {Refusal::needle, Refusal::lamps, Refusal::heartbeat, Refusal::availability}) {
    CHECK(bench.host.logged(std::string("refused: ") + words(refusal)) == 1);
  }
}

TEST_CASE("after a reconnect a bad payload is logged again") {
  SessionBench bench;
  for (int time = 1; time < 3; ++time) {
    bench.meet();
    bench.say("display/lamps", "x");
    bench.run(100);
    CHECK(bench.host.logged(std::string("refused: ") + words(Refusal::lamps)) == time);
    bench.mqtt.up = false;
    bench.run(2000);
  }
}

TEST_CASE("topics of others change nothing and are no fault") {
  SessionBench bench;
  bench.meet();
  bench.mqtt.hear("claude_gauge/attic/display/needle/5h", "900");
  bench.mqtt.hear("claude_gauge/attic/availability", "offline");
  bench.mqtt.hear("claude_gauge/desk/display/needle/9h", "900");
  bench.mqtt.hear("claude_gauge/desk/display", "900");
  bench.mqtt.hear("claude_gauge_display/ffffffffffff/cmd/restart", "PRESS");
  bench.mqtt.hear("", "");
  bench.run(200);
  CHECK(bench.targets.needles[0] == -1);
  CHECK(bench.targets.fresh);
  CHECK(bench.host.restarts == 0);
  CHECK(bench.session.counters().dropped == 0);
}

TEST_CASE("without an instance the first publisher that is online is taken, said, remembered, and kept") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "instance", "") == nullptr);
  bench.run(200);
  CHECK(heard(bench, "claude_gauge/+/availability"));
  CHECK_FALSE(heard(bench, "claude_gauge/+/display/#"));
  bench.mqtt.hear("claude_gauge/attic/availability", "offline");
  bench.mqtt.hear("claude_gauge/desk/availability", "online");
  bench.mqtt.hear("claude_gauge/cellar/availability", "online");
  bench.run(200);
  CHECK(heard(bench, "claude_gauge/desk/display/#"));
  CHECK_FALSE(heard(bench, "claude_gauge/attic/display/#"));
  CHECK_FALSE(heard(bench, "claude_gauge/cellar/display/#"));
  CHECK(bench.host.logged("publisher: desk") == 1);
  bench.say("display/needle/tach", "520");
  bench.mqtt.hear("claude_gauge/cellar/availability", "offline");
  bench.run(6000);
  CHECK(bench.targets.needles[1] == 520);
  CHECK(bench.targets.fresh);
  CHECK(std::string(bench.host.saved.instance) == "desk");
  CHECK_FALSE(bench.mqtt.published_in_callback);
}

TEST_CASE("a broker that lets nobody read the values of the publisher that was found is left and tried again") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "instance", "") == nullptr);
  bench.run(200);
  bench.mqtt.takes_subscriptions = false;
  bench.say("availability", "online");
  bench.run(200);
  CHECK_FALSE(bench.mqtt.up);
}

TEST_CASE("a publisher that plays a demo or a tape is known by its source, and told once on the console") {
  SessionBench bench;
  bench.meet();
  CHECK(bench.targets.played == 0);
  for (const char* source : {"jsonl", "demo", "demo", "replay", "prometheus, telemetry short", "", "demolition"}) {
    bench.say("source", source);
    bench.run(100);
    CHECK(bench.targets.played == played(source));
  }
  CHECK(bench.targets.played == 0);
  CHECK(bench.host.logged("nobody's numbers, the publisher plays a demo") == 1);
  CHECK(bench.host.logged("nobody's numbers, the publisher plays a replay") == 1);
  CHECK(played("demo") == 1);
  CHECK(played("replay") == 2);
  CHECK(bench.session.counters().dropped == 0);
}

TEST_CASE("a name that no publisher can have is not taken") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "instance", "") == nullptr);
  bench.run(200);
  bench.mqtt.hear("claude_gauge/My Desk/availability", "online");
  bench.mqtt.hear("claude_gauge/" + std::string(40, 'x') + "/availability", "online");
  bench.mqtt.hear("claude_gauge//availability", "online");
  bench.run(200);
  CHECK(std::string(bench.settings.instance).empty());
}

TEST_CASE("when Home Assistant starts it is told everything again, within 2 s but not at once") {
  SessionBench bench;
  bench.meet();
  bench.host.dice = 1'500;
  bench.mqtt.said.clear();
  bench.mqtt.hear("homeassistant/status", "online");
  bench.run(1400);
  CHECK(bench.mqtt.said.empty());
  bench.run(400);
  CHECK(bench.mqtt.count(kConfig) == 1);
  CHECK(bench.own("availability") == "online");
  bench.run(10'000);
  CHECK(bench.mqtt.count(kConfig) == 1);
  bench.host.dice = 0xffff'ffff;
  bench.mqtt.hear("homeassistant/status", "online");
  bench.run(2100);
  CHECK(bench.mqtt.count(kConfig) == 2);
}

TEST_CASE("a retained birth, right after the subscription, and Home Assistant's end are no start") {
  SessionBench bench;
  bench.run(200);
  bench.mqtt.hear("homeassistant/status", "online");
  bench.run(5000);
  CHECK(bench.mqtt.count(kConfig) == 1);
  bench.mqtt.hear("homeassistant/status", "offline");
  bench.run(5000);
  CHECK(bench.mqtt.count(kConfig) == 1);
}
