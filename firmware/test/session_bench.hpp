#pragma once

#include <string>

#include "fakes.hpp"
#include "gauge/session.hpp"

namespace gauge_test {

inline constexpr char kId[] = "a1b2c3d4e5f6";
inline const std::string kOwn = std::string("claude_gauge_display/") + kId + "/";

// A session on a broker of ours, polled each 100 ms from shortly before the wrap of the clock.
struct SessionBench {
  FakeMqtt mqtt;
  FakeHost host;
  gauge::Settings settings = [] {
    gauge::Settings made;
    gauge::set(made, "broker_host", "broker");
    gauge::set(made, "instance", "desk");
    return made;
  }();
  gauge::Targets targets;
  gauge::Session session{mqtt, host, settings, targets, {kId, "1.2.3"}};
  gauge::Millis now = 0xffff'd000;
  bool wifi = true;

  void run(gauge::Millis ms) {
    for (gauge::Millis end = now + ms; now != end; now += 100) {
      mqtt.now = now;
      session.poll(wifi, now);
    }
  }
  // Connected, the publisher online, and the first seconds over.
  void meet() {
    run(200);
    say("availability", "online");
    run(4000);
  }
  // As the publisher.
  void say(const std::string& below, const std::string& payload) { mqtt.hear("claude_gauge/desk/" + below, payload); }
  void command(const std::string& name, const std::string& payload) { mqtt.hear(kOwn + "cmd/" + name, payload); }
  std::string own(const std::string& below) const { return mqtt.last(kOwn + below); }
};

}  // namespace gauge_test
