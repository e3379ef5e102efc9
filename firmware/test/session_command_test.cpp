// What the session does with commands.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "gauge/session.hpp"
#include "session_bench.hpp"

using namespace gauge;
using gauge_test::kOwn;
using gauge_test::SessionBench;

TEST_CASE("buttons become orders to the needle task") {
  SessionBench bench;
  bench.meet();
  bench.command("identify", "PRESS");
  bench.command("self_test", "PRESS");
  bench.command("home", "PRESS");
  bench.run(100);
  CHECK(bench.targets.orders.take(Order::identify));
  CHECK(bench.targets.orders.take(Order::self_test));
  CHECK(bench.targets.orders.take(Order::home));
}

TEST_CASE("a command right after the subscription may be a retained one: it is refused and its topic emptied") {
  SessionBench bench;
  bench.run(200);
  bench.command("restart", "PRESS");
  bench.command("trim/7d/full", "5");
  bench.run(200);
  CHECK(bench.host.restarts == 0);
  CHECK(bench.settings.trims[2].full == 0);
  CHECK(bench.own("cmd/restart").empty());
  CHECK(bench.own("cmd/trim/7d/full").empty());
  CHECK(bench.mqtt.count(kOwn + "cmd/light") == 0);
  CHECK(bench.session.counters().dropped == 2);
  CHECK_FALSE(bench.mqtt.published_in_callback);
  bench.run(2500);
  bench.command("restart", "PRESS");
  bench.run(100);
  CHECK(bench.host.restarts == 0);
  bench.run(500);
  bench.command("restart", "PRESS");
  bench.run(100);
  CHECK(bench.host.restarts == 1);
}

TEST_CASE("a connect that took long does not shorten the time in which commands may be retained ones") {
  SessionBench bench;
  bench.session.poll(true, bench.now);
  bench.now += 5000;
  bench.session.poll(true, bench.now);
  bench.command("restart", "PRESS");
  bench.run(200);
  CHECK(bench.host.restarts == 0);
}

TEST_CASE("the clock's wrap is no new subscription: commands are obeyed after weeks") {
  SessionBench bench;
  const Millis greeted = bench.now + 100;
  bench.meet();
  // 49.7 days in steps that no deadline oversleeps, until the clock says again what it said a second after the
  // greeting.
  for (int hour = 0; hour < 1193; ++hour) {
    bench.now += 3'600'000;
    bench.session.poll(true, bench.now);
  }
  bench.now = greeted + 1000;
  bench.run(100);
  bench.command("identify", "PRESS");
  bench.run(100);
  CHECK(bench.targets.orders.take(Order::identify));
}

TEST_CASE("restart empties its topic, saves, says offline and disconnects before it restarts") {
  SessionBench bench;
  bench.meet();
  bench.command("light", "OFF");
  bench.run(100);
  bench.mqtt.said.clear();
  bench.command("restart", "PRESS");
  bench.run(100);
  REQUIRE(bench.mqtt.said.size() == 3);
  CHECK(bench.mqtt.said[0].topic == kOwn + "cmd/restart");
  CHECK(bench.mqtt.said[0].payload.empty());
  CHECK(bench.mqtt.said[0].retained);
  CHECK(bench.mqtt.said[1].payload == "offline");
  CHECK(bench.mqtt.said[2].topic == "(disconnect)");
  CHECK(bench.host.restarts == 1);
  CHECK_FALSE(bench.host.saved.light);
  CHECK_FALSE(bench.mqtt.published_in_callback);
}

TEST_CASE("the light: brightness and switch are independent, 0 is off, and both are told back") {
  SessionBench bench;
  bench.meet();
  CHECK(bench.targets.brightness == 255);
  bench.command("brightness", "120");
  bench.run(200);
  CHECK(bench.targets.brightness == 120);
  CHECK(bench.own("brightness") == "120");
  bench.command("light", "OFF");
  bench.run(200);
  CHECK(bench.targets.brightness == 0);
  CHECK(bench.own("light") == "OFF");
  CHECK(bench.own("brightness") == "120");
  bench.command("light", "ON");
  bench.run(200);
  CHECK(bench.targets.brightness == 120);
  bench.command("brightness", "0");
  bench.run(200);
  CHECK(bench.targets.brightness == 0);
  CHECK(bench.own("light") == "OFF");
  bench.command("light", "ON");
  bench.run(200);
  CHECK(bench.targets.brightness == 120);
  bench.command("light", "OFF");
  bench.command("brightness", "60");
  bench.run(200);
  CHECK(bench.targets.brightness == 60);
  CHECK(bench.own("light") == "ON");
}

TEST_CASE("trims and the quiet start are set, told back, and handed to the needles") {
  SessionBench bench;
  bench.meet();
  bench.command("trim/5h/zero", "-7");
  bench.command("trim/tach/full", "12");
  bench.command("quiet_boot", "ON");
  bench.run(200);
  CHECK(bench.targets.trims[0].load().zero == -7);
  CHECK(bench.targets.trims[1].load().full == 12);
  CHECK(bench.targets.trims[1].load().zero == 0);
  CHECK(bench.own("trim/5h/zero") == "-7");
  CHECK(bench.own("trim/tach/full") == "12");
  CHECK(bench.own("trim/7d/full") == "0");
  CHECK(bench.own("quiet_boot") == "ON");
}

TEST_CASE("a slider's many values are written to flash once, 5 s after the last one") {
  SessionBench bench;
  bench.meet();
  for (int value = 10; value < 60; ++value) {
    bench.command("brightness", std::to_string(value));
    bench.run(200);
  }
  CHECK(bench.host.saves == 0);
  bench.run(5000);
  CHECK(bench.host.saves == 1);
  CHECK(bench.host.saved.brightness == 59);
  bench.run(60'000);
  CHECK(bench.host.saves == 1);
}

TEST_CASE("a start writes nothing to flash") {
  SessionBench bench;
  bench.meet();
  bench.run(60'000);
  CHECK(bench.host.saves == 0);
}

TEST_CASE("what a command cannot mean is refused and counted; an emptied topic is neither") {
  SessionBench bench;
  bench.meet();
  for (const auto& [name, payload] :
       {std::pair{"reboot", "PRESS"}, {"light", "on"}, {"brightness", "256"}, {"", "x"}}) {
    bench.command(name, payload);
  }
  bench.command("restart", "");
  bench.command("brightness", "");
  bench.run(200);
  CHECK(bench.session.counters().dropped == 4);
  CHECK(bench.targets.brightness == 255);
  CHECK(bench.host.restarts == 0);
}
