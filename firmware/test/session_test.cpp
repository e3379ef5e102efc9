// The session's connection: connect, back off, greet, lose.

#include "gauge/session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "session_bench.hpp"

using namespace gauge;
using gauge_test::kId;
using gauge_test::kOwn;
using gauge_test::SessionBench;
using nlohmann::json;

TEST_CASE("a connect names broker, id and will, and no user where none is set") {
  SessionBench bench;
  bench.run(100);
  CHECK(bench.mqtt.asked.host == std::string("broker"));
  CHECK(bench.mqtt.asked.port == 1883);
  CHECK(bench.mqtt.asked.client_id == std::string("cgdisplay") + kId);
  CHECK(bench.mqtt.asked.username == nullptr);
  CHECK(bench.mqtt.asked.password == nullptr);
  CHECK(bench.mqtt.asked.will_topic == kOwn + "availability");
  CHECK(bench.mqtt.asked.will_payload == std::string("offline"));
}

TEST_CASE("user and password are given where they are set") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "broker_user", "display") == nullptr);
  REQUIRE(set(bench.settings, "broker_password", "secret") == nullptr);
  bench.run(100);
  CHECK(bench.mqtt.asked.username == std::string("display"));
  CHECK(bench.mqtt.asked.password == std::string("secret"));
}

TEST_CASE("the client id is one that every MQTT 3.1.1 broker must take: at most 23 letters and digits") {
  SessionBench bench;
  bench.run(100);
  const std::string id = bench.mqtt.asked.client_id;
  CHECK(id.size() <= 23);
  CHECK(std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0; }));
}

TEST_CASE("without Wi-Fi nothing is tried; with it, at once") {
  SessionBench bench;
  bench.wifi = false;
  bench.run(60'000);
  CHECK(bench.mqtt.connects == 0);
  bench.wifi = true;
  bench.run(100);
  CHECK(bench.mqtt.connects == 1);
}

TEST_CASE("on every connect: subscriptions, discovery, what is set, diag, and online last") {
  SessionBench bench;
  const std::vector<std::string> filters{"claude_gauge/desk/availability", "claude_gauge/desk/display/#",
                                         "claude_gauge/desk/source", kOwn + "cmd/#", "homeassistant/status"};
  for (int time = 0; time < 2; ++time) {
    bench.mqtt.said.clear();
    bench.mqtt.filters.clear();
    bench.run(5000);
    CHECK(bench.mqtt.filters == filters);
    REQUIRE(bench.mqtt.said.size() == 13);
    CHECK(bench.mqtt.said.front().topic == "homeassistant/device/claude_gauge_display/a1b2c3d4e5f6/config");
    CHECK(bench.mqtt.said.back().topic == kOwn + "availability");
    CHECK(bench.mqtt.said.back().payload == "online");
    CHECK(std::all_of(bench.mqtt.said.begin(), bench.mqtt.said.end(), [](const auto& one) { return one.retained; }));
    bench.mqtt.up = false;
  }
  bench.run(2000);
  CHECK(bench.session.counters().reconnects == 2);
}

TEST_CASE("a broker that takes no subscription is left and tried again") {
  SessionBench bench;
  bench.mqtt.takes_subscriptions = false;
  bench.run(200);
  CHECK_FALSE(bench.mqtt.up);
  CHECK(bench.host.logged("broker takes no subscription") == 1);
  bench.mqtt.takes_subscriptions = true;
  bench.run(5000);
  CHECK(bench.own("availability") == "online");
}

TEST_CASE("a broker that makes little room is told all the same, over many turns and with nothing in between") {
  SessionBench bench;
  bench.mqtt.room_for = 0;
  bench.run(200);
  bench.say("availability", "online");
  for (int turn = 0; turn < 100 && bench.own("availability") != "online"; ++turn) {
    bench.mqtt.room_for = turn % 4;
    bench.session.on_gesture(Gesture::press);
    bench.run(100);
  }
  CHECK(bench.mqtt.said.front().topic == "homeassistant/device/claude_gauge_display/a1b2c3d4e5f6/config");
  CHECK(json::accept(bench.mqtt.said.front().payload));
  CHECK(bench.own("availability") == "online");
  CHECK_FALSE(bench.mqtt.interleaved);
  bench.mqtt.room_for = bench.mqtt.kEndless;
  bench.run(200);
  CHECK(bench.own("fresh") == "ON");
  CHECK(bench.mqtt.connects == 1);
}

TEST_CASE("a broker that makes no room for 10 s is left and tried again, in the middle of a message or not") {
  SessionBench bench;
  SUBCASE("from the start") { bench.mqtt.room_for = 0; }
  SUBCASE("in the middle") { bench.mqtt.room_for = 4; }
  SUBCASE("later") {
    bench.meet();
    bench.mqtt.room_for = 0;
  }
  bench.run(9'000);
  CHECK(bench.mqtt.up);
  CHECK(bench.host.logged("broker reads nothing any more") == 0);
  bench.run(2'000);
  CHECK(bench.host.logged("broker reads nothing any more") == 1);
  CHECK_FALSE(bench.mqtt.interleaved);
  bench.mqtt.room_for = bench.mqtt.kEndless;
  bench.run(20'000);
  CHECK(bench.own("availability") == "online");
  CHECK_FALSE(bench.mqtt.interleaved);
}

TEST_CASE("what has no room yet is said later, and not forgotten") {
  SessionBench bench;
  bench.meet();
  bench.mqtt.room_for = 0;
  bench.mqtt.said.clear();
  bench.command("brightness", "77");
  bench.say("availability", "offline");
  bench.run(3'000);
  CHECK(bench.mqtt.said.empty());
  CHECK(bench.targets.brightness == 77);
  CHECK_FALSE(bench.targets.fresh);
  bench.mqtt.room_for = bench.mqtt.kEndless;
  bench.run(100);
  CHECK(bench.own("brightness") == "77");
  CHECK(bench.own("fresh") == "OFF");
}

TEST_CASE("leaving in the middle of a message hangs up, so that the broker says offline by the will") {
  SessionBench bench;
  bench.mqtt.room_for = 4;
  bench.run(300);
  bench.session.close();
  CHECK_FALSE(bench.mqtt.up);
  CHECK_FALSE(bench.mqtt.interleaved);
  CHECK(bench.mqtt.said.empty());
}

TEST_CASE("a broker that refuses is tried again with growing pauses up to 4 s, and said so once") {
  SessionBench bench;
  bench.mqtt.answer = MqttResult::bad_credentials;
  bench.host.dice = 0x8000'0000;
  bench.run(10'000);
  CHECK(bench.mqtt.connects >= 3);
  CHECK(bench.mqtt.connects <= 5);
  const int before = bench.mqtt.connects;
  bench.run(3'600'000);
  CHECK(bench.mqtt.connects - before >= 3600 / 5);
  CHECK(bench.mqtt.connects - before <= 3600 / 3);
  CHECK(bench.host.logged("broker refuses user or password") == 1);
  CHECK(bench.session.link() == Link::no_broker);
}

TEST_CASE("the pause before the next try counts from the end of the last one, however long that was") {
  SessionBench bench;
  bench.mqtt.answer = MqttResult::unreachable;
  bench.mqtt.takes_ms = 18'000;  // a name that nobody knows
  bench.host.dice = 0x8000'0000;
  Millis shortest = 1'000'000;
  Millis busy = 0;
  constexpr Millis kHour = 3'600'000;
  for (Millis ms = 0; ms < kHour; ms += 100) {
    const int before = bench.mqtt.connects;
    bench.run(100);
    if (bench.mqtt.connects == before) continue;
    if (before > 0) shortest = std::min(shortest, since(bench.mqtt.ended_at, bench.mqtt.dialled_at));
    busy += bench.mqtt.takes_ms;
  }
  CHECK(shortest >= 800);
  CHECK(bench.mqtt.connects <= static_cast<int>(kHour / (18'000 + 3'000)));
  CHECK(bench.mqtt.connects >= static_cast<int>(kHour / (18'000 + 6'000)));
}

TEST_CASE(
    "while a broker is called nothing else is asked of the transport, and Wi-Fi that comes and goes is survived") {
  SessionBench bench;
  bench.mqtt.takes_ms = 18'000;
  bench.run(5'000);
  bench.wifi = false;
  bench.run(5'000);
  CHECK(bench.session.link() == Link::no_wifi);
  bench.session.close();
  CHECK(bench.mqtt.count("(disconnect)") == 0);
  bench.wifi = true;
  bench.run(20'000);
  CHECK(bench.own("availability") == "online");
  CHECK(bench.mqtt.connects == 1);
}

TEST_CASE("after a good connection a lost one is tried again within seconds, though it took long to get") {
  SessionBench bench;
  for (int time = 0; time < 2; ++time) {
    bench.mqtt.up = false;
    bench.mqtt.answer = MqttResult::unreachable;
    bench.run(600'000);
    bench.mqtt.answer = MqttResult::connected;
    bench.run(80'000);
    REQUIRE(bench.mqtt.up);
    bench.run(20'000);
    bench.mqtt.up = false;
    bench.mqtt.answer = MqttResult::unreachable;
    const int before = bench.mqtt.connects;
    bench.run(5000);
    CHECK(bench.mqtt.connects - before >= 2);
  }
}

TEST_CASE("a broker that comes back after hours is met again within 5 s") {
  SessionBench bench;
  bench.mqtt.answer = MqttResult::unreachable;
  bench.run(10'000'000);
  bench.mqtt.answer = MqttResult::connected;
  bench.run(5000);
  CHECK(bench.own("availability") == "online");
}

TEST_CASE("a connection that ends after a month is tried again within seconds") {
  SessionBench bench;
  bench.meet();
  for (int hour = 0; hour < 30 * 24; ++hour) {
    bench.now += 3'600'000;
    bench.session.poll(true, bench.now);
  }
  bench.mqtt.up = false;
  bench.mqtt.said.clear();
  bench.run(2000);
  CHECK(bench.own("availability") == "online");
}

TEST_CASE("a broker that drops every connection at once is not hammered") {
  SessionBench bench;
  for (int second = 0; second < 600; ++second) {
    bench.run(1000);
    bench.mqtt.up = false;
  }
  CHECK(bench.mqtt.connects <= 600 / 3);
}

TEST_CASE("lost Wi-Fi ends the connection, and needles stay until three heartbeats are due") {
  SessionBench bench;
  bench.meet();
  bench.say("display/heartbeat", "30");
  bench.run(100);
  bench.wifi = false;
  bench.run(60'000);
  CHECK_FALSE(bench.mqtt.up);
  CHECK(bench.targets.link == Link::no_wifi);
  CHECK(bench.targets.fresh);
  bench.run(31'000);
  CHECK_FALSE(bench.targets.fresh);
}

TEST_CASE("a broker that is back soon moves no needle") {
  SessionBench bench;
  bench.meet();
  bench.mqtt.up = false;
  for (int step = 0; step < 90; ++step) {
    bench.run(100);
    CHECK(bench.targets.fresh.load());
  }
  bench.say("availability", "online");
  for (int step = 0; step < 100; ++step) {
    bench.run(100);
    CHECK(bench.targets.fresh.load());
  }
  CHECK(bench.targets.link == Link::live);
}

TEST_CASE("a lost broker and its return are logged and seen in the link") {
  SessionBench bench;
  bench.meet();
  bench.mqtt.up = false;
  bench.run(5000);
  CHECK(bench.host.logged("broker is gone") == 1);
  CHECK(bench.host.logged("broker connected") == 2);
  bench.mqtt.up = false;
  bench.mqtt.answer = MqttResult::unreachable;
  bench.run(20'000);
  CHECK(bench.targets.link == Link::no_broker);
  CHECK(bench.host.logged("broker cannot be reached") == 1);
}

TEST_CASE("diag goes out each minute, retained") {
  SessionBench bench;
  bench.host.now.uptime_s = 77;
  bench.run(200);
  bench.run(180'000);
  CHECK(bench.mqtt.count(kOwn + "diag") == 4);
  CHECK(json::parse(bench.own("diag")).at("uptime") == 77);
  CHECK(json::parse(bench.own("diag")).at("link") == "publisher_offline");
}

TEST_CASE("diag says the link as it is: right after the connect, and whenever it changes") {
  SessionBench bench;
  bench.run(200);
  CHECK(bench.mqtt.count(kOwn + "diag") == 1);
  CHECK(json::parse(bench.own("diag")).at("link") == "publisher_offline");
  bench.say("availability", "online");
  bench.run(200);
  CHECK(bench.mqtt.count(kOwn + "diag") == 2);
  CHECK(json::parse(bench.own("diag")).at("link") == "live");
  bench.run(92'000);
  CHECK(json::parse(bench.own("diag")).at("link") == "stale");
  CHECK(json::parse(bench.own("diag")).at("live_s") == 90);
}

TEST_CASE("whether data are fresh is said when it changes") {
  SessionBench bench;
  bench.run(200);
  CHECK(bench.own("fresh") == "OFF");
  bench.say("availability", "online");
  bench.run(200);
  CHECK(bench.own("fresh") == "ON");
  CHECK(bench.mqtt.count(kOwn + "fresh") == 2);
  bench.say("availability", "offline");
  bench.run(200);
  CHECK(bench.own("fresh") == "OFF");
}

TEST_CASE("leaving on purpose says offline, which a clean disconnect's will would not, and saves what is to be saved") {
  SessionBench bench;
  bench.meet();
  bench.command("brightness", "7");
  bench.run(100);
  CHECK(bench.host.saves == 0);
  bench.session.close();
  CHECK(bench.own("availability") == "offline");
  CHECK_FALSE(bench.mqtt.up);
  CHECK(bench.host.saved.brightness == 7);
}

TEST_CASE("the button's gestures are told to Home Assistant, not retained") {
  SessionBench bench;
  bench.session.on_gesture(Gesture::press);
  bench.meet();
  CHECK(bench.mqtt.count(kOwn + "button") == 0);
  bench.session.on_gesture(Gesture::press);
  CHECK(bench.own("button") == "short");
  CHECK_FALSE(bench.mqtt.said.back().retained);
  bench.session.on_gesture(Gesture::set_up);
  CHECK(bench.own("button") == "long");
  bench.session.on_gesture(Gesture::factory_reset);
  CHECK(bench.mqtt.count(kOwn + "button") == 2);
}

TEST_CASE("what is missing right now is told in words, and nothing when nothing is") {
  SessionBench bench;
  bench.wifi = false;
  bench.run(200);
  CHECK(bench.session.trouble().view() == "no Wi-Fi is set");
  REQUIRE(set(bench.settings, "wifi_ssid", "home") == nullptr);
  CHECK(bench.session.trouble().view() == "Wi-Fi is away, or its name or password is wrong");
  bench.wifi = true;
  bench.mqtt.answer = MqttResult::unreachable;
  bench.run(300);
  CHECK(bench.session.trouble().view() == "the broker cannot be reached");
  bench.mqtt.answer = MqttResult::bad_credentials;
  bench.run(10'000);
  CHECK(bench.session.trouble().view() == "the broker refuses user or password");
  bench.mqtt.answer = MqttResult::connected;
  bench.run(10'000);
  CHECK(bench.session.trouble().view() == "the broker is there, but no publisher is online");
  bench.say("availability", "online");
  bench.run(200);
  CHECK(bench.session.trouble().view() == "");
  bench.run(100'000);
  CHECK(bench.session.trouble().view() == "the publisher has fallen silent");
}

TEST_CASE("without a broker the missing thing is the broker, or the other address") {
  SessionBench bench;
  REQUIRE(set(bench.settings, "broker_host", "") == nullptr);
  bench.run(200);
  CHECK(bench.session.trouble().view() == "no MQTT broker is set");
  REQUIRE(set(bench.settings, "http_url", "http://desk:8080/usage") == nullptr);
  bench.run(200);
  CHECK(bench.session.trouble().view() == "the address of /usage does not answer");
}
