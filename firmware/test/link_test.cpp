#include "gauge/link.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using gauge::Link;
using gauge::LinkMonitor;
using gauge::Millis;

namespace {

constexpr bool kWifi = true;
// Close to the wrap of the clock, so that every test here crosses it.
constexpr Millis kStart = std::numeric_limits<Millis>::max() - 5000;

// A display that has been live since kStart.
LinkMonitor live() {
  LinkMonitor link;
  link.connected(kStart);
  link.publisher(true, kStart);
  link.poll(kWifi, kStart);
  return link;
}

}  // namespace

TEST_CASE("without Wi-Fi, then without a broker, the link says which of them is missing and nothing is shown") {
  LinkMonitor link;
  link.poll(!kWifi, kStart);
  CHECK(link.state() == Link::no_wifi);
  link.poll(kWifi, kStart);
  CHECK(link.state() == Link::no_broker);
  CHECK_FALSE(link.fresh());
}

TEST_CASE("a publisher that was never seen is offline, one that says online is live at once") {
  LinkMonitor link;
  link.connected(kStart);
  link.poll(kWifi, kStart);
  CHECK(link.state() == Link::publisher_offline);
  link.publisher(true, kStart);
  link.poll(kWifi, kStart);
  CHECK(link.state() == Link::live);
  CHECK(link.fresh());
}

TEST_CASE("the publisher's offline parks the needles at once, and no heartbeat brings them back before its online") {
  LinkMonitor link = live();
  link.publisher(false, kStart + 1);
  link.poll(kWifi, kStart + 1);
  CHECK(link.state() == Link::publisher_offline);
  CHECK_FALSE(link.fresh());
  link.heartbeat(30, kStart + 2);
  link.poll(kWifi, kStart + 2);
  CHECK(link.state() == Link::publisher_offline);
  CHECK_FALSE(link.fresh());
  link.publisher(true, kStart + 3);
  link.poll(kWifi, kStart + 3);
  CHECK(link.state() == Link::live);
}

TEST_CASE("before any heartbeat the publisher has three times 30 s") {
  LinkMonitor link = live();
  link.poll(kWifi, kStart + 89'999);
  CHECK(link.state() == Link::live);
  link.poll(kWifi, kStart + 90'000);
  CHECK(link.state() == Link::stale);
  CHECK_FALSE(link.fresh());
}

TEST_CASE("a heartbeat gives three times its own number, and ends staleness") {
  LinkMonitor link = live();
  link.heartbeat(2, kStart + 1000);
  link.poll(kWifi, kStart + 6999);
  CHECK(link.state() == Link::live);
  link.poll(kWifi, kStart + 7000);
  CHECK(link.state() == Link::stale);
  link.heartbeat(2, kStart + 9000);
  link.poll(kWifi, kStart + 9000);
  CHECK(link.state() == Link::live);
}

TEST_CASE("the heartbeat's number counts for this connection only") {
  LinkMonitor link = live();
  link.heartbeat(2, kStart);
  link.disconnected();
  link.connected(kStart + 100);
  link.publisher(true, kStart + 100);
  link.poll(kWifi, kStart + 20'000);
  CHECK(link.state() == Link::live);
}

TEST_CASE("the longest heartbeat, a day, does not overflow") {
  LinkMonitor link = live();
  link.heartbeat(86'400, kStart);
  link.poll(kWifi, kStart + 3 * 86'400'000U - 1);
  CHECK(link.state() == Link::live);
  link.poll(kWifi, kStart + 3 * 86'400'000U);
  CHECK(link.state() == Link::stale);
}

TEST_CASE("a short absence of Wi-Fi or broker moves no needle, a long one parks them as a lost heartbeat would") {
  LinkMonitor link = live();
  link.heartbeat(30, kStart + 10'000);
  link.disconnected();
  link.poll(!kWifi, kStart + 20'000);
  CHECK(link.state() == Link::no_wifi);
  CHECK(link.fresh());
  link.poll(kWifi, kStart + 99'999);
  CHECK(link.state() == Link::no_broker);
  CHECK(link.fresh());
  link.poll(kWifi, kStart + 100'000);
  CHECK(link.state() == Link::no_broker);
  CHECK_FALSE(link.fresh());
}

TEST_CASE("after a reconnect the publisher's word has 10 s to arrive, without it the needles park") {
  LinkMonitor link = live();
  link.disconnected();
  link.connected(kStart + 20'000);
  link.poll(kWifi, kStart + 29'999);
  CHECK(link.state() == Link::live);
  CHECK(link.fresh());
  SUBCASE("it comes") {
    link.publisher(true, kStart + 29'999);
    link.poll(kWifi, kStart + 35'000);
    CHECK(link.state() == Link::live);
  }
  SUBCASE("it does not come: the broker was restarted empty and the publisher is dead") {
    link.poll(kWifi, kStart + 30'000);
    CHECK(link.state() == Link::publisher_offline);
    CHECK_FALSE(link.fresh());
  }
  SUBCASE("the broker is gone again before it could") {
    link.disconnected();
    link.poll(kWifi, kStart + 40'000);
    CHECK(link.state() == Link::no_broker);
    CHECK(link.fresh());
  }
}

TEST_CASE("staleness stays when the clock has wrapped once more") {
  LinkMonitor link = live();
  for (Millis hours = 0; hours < 60 * 24; ++hours) link.poll(kWifi, kStart + 100'000 + hours * 3'600'000);
  CHECK(link.state() == Link::stale);
}

TEST_CASE("without a broker, answers over HTTP are live as long as they change, and gone 10 s after the last one") {
  LinkMonitor link;
  link.answered(true, kStart);
  link.poll(kWifi, kStart);
  CHECK(link.state() == Link::live);
  CHECK(link.fresh());
  for (Millis s = 1; s < 90; ++s) link.answered(false, kStart + s * 1000);
  link.poll(kWifi, kStart + 89'999);
  CHECK(link.state() == Link::live);
  link.answered(false, kStart + 90'000);
  link.poll(kWifi, kStart + 90'000);
  CHECK(link.state() == Link::stale);
  link.answered(true, kStart + 91'000);
  link.poll(kWifi, kStart + 91'000);
  CHECK(link.state() == Link::live);
  link.poll(kWifi, kStart + 100'999);
  CHECK(link.state() == Link::live);
  link.poll(kWifi, kStart + 101'000);
  CHECK(link.state() == Link::no_broker);
  CHECK(link.fresh());
}

TEST_CASE("an answer over HTTP has its own three times 30 s, whatever the last heartbeat said") {
  LinkMonitor link = live();
  link.heartbeat(2, kStart);
  link.disconnected();
  link.answered(true, kStart + 100'000);
  link.poll(kWifi, kStart + 109'000);
  CHECK(link.fresh());
}

TEST_CASE("a connected broker is believed rather than HTTP") {
  LinkMonitor link;
  link.answered(true, kStart);
  link.connected(kStart + 1);
  link.publisher(false, kStart + 2);
  link.poll(kWifi, kStart + 2);
  CHECK(link.state() == Link::publisher_offline);
}

TEST_CASE("one blink stands for Wi-Fi, two for the broker, three for the publisher, whether it is gone or silent") {
  CHECK(gauge::blinks(Link::no_wifi) == 1);
  CHECK(gauge::blinks(Link::no_broker) == 2);
  CHECK(gauge::blinks(Link::publisher_offline) == 3);
  CHECK(gauge::blinks(Link::stale) == 3);
}

TEST_CASE("the time in each state is counted from the first poll on, to the millisecond and past the clock's wrap") {
  LinkMonitor link;
  link.poll(!kWifi, kStart);
  for (const Link state : gauge::kLinks) CHECK(link.seconds(state) == 0);
  // Changes in the middle of seconds: no part of one is given to another state.
  Millis now = kStart;
  for (int time = 0; time < 10; ++time) {
    link.poll(kWifi, now += 700);   // until here without Wi-Fi
    link.poll(!kWifi, now += 300);  // and until here without a broker
  }
  CHECK(link.seconds(Link::no_wifi) == 7);
  CHECK(link.seconds(Link::no_broker) == 3);
  link.poll(kWifi, now);
  link.connected(now);
  link.poll(kWifi, now);
  link.poll(kWifi, now += 5000);
  link.publisher(true, now);
  link.poll(kWifi, now);
  link.poll(kWifi, now += 90'000);
  link.poll(kWifi, now += 4000);
  CHECK(link.seconds(Link::publisher_offline) == 5);
  CHECK(link.seconds(Link::live) == 90);
  CHECK(link.seconds(Link::stale) == 4);
  for (int day = 0; day < 100; ++day) link.poll(kWifi, now += 86'400'000);
  CHECK(link.seconds(Link::stale) == 100 * 86'400 + 4);
  CHECK(link.seconds(Link::no_wifi) == 7);
}

TEST_CASE("every state has a name of its own") {
  CHECK(std::string(name(Link::no_wifi)) == "no_wifi");
  CHECK(std::string(name(Link::no_broker)) == "no_broker");
  CHECK(std::string(name(Link::publisher_offline)) == "publisher_offline");
  CHECK(std::string(name(Link::stale)) == "stale");
  CHECK(std::string(name(Link::live)) == "live");
}
