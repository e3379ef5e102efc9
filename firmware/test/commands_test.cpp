#include "gauge/commands.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>

#include "gauge/scale.hpp"
#include "gauge/targets.hpp"

using namespace gauge;

TEST_CASE("each command has a topic of its own, and nothing else is one") {
  std::set<std::string> topics;
  for (std::size_t at = 0; at < kCommandTopics.size(); ++at) {
    topics.insert(kCommandTopics[at].below);
    CHECK(command_topic(kCommandTopics[at].below) == at);
  }
  CHECK(topics.size() == kCommandTopics.size());
  for (const char* other : {"", "reboot", "restart/", "trim", "trim/5h", "trim/5h/", "Light"}) {
    CHECK_FALSE(command_topic(other));
  }
}

TEST_CASE("a trim's topic names its dial and its end") {
  for (const CommandTopic& topic : kCommandTopics) {
    if (topic.kind != CommandKind::trim_zero && topic.kind != CommandKind::trim_full) continue;
    const std::string expected = std::string("trim/") + contract::kDialNames[static_cast<std::size_t>(topic.dial)] +
                                 (topic.kind == CommandKind::trim_zero ? "/zero" : "/full");
    CHECK(topic.below == expected);
  }
}

TEST_CASE("a press takes PRESS and nothing else") {
  for (const auto kind : {CommandKind::restart, CommandKind::identify, CommandKind::self_test, CommandKind::home}) {
    CHECK(command_value(kind, "PRESS") == 0);
    for (const char* bad : {"", "press", "ON", "1", "PRESS "}) CHECK_FALSE(command_value(kind, bad));
  }
}

TEST_CASE("a switch takes ON and OFF and nothing else") {
  for (const auto kind : {CommandKind::light, CommandKind::quiet_boot}) {
    CHECK(command_value(kind, "ON") == 1);
    CHECK(command_value(kind, "OFF") == 0);
    for (const char* bad : {"", "on", "true", "1", "OFF\n"}) CHECK_FALSE(command_value(kind, bad));
  }
}

TEST_CASE("brightness is 0..255, a trim -45..45 thirds of a degree, in plain digits") {
  CHECK(command_value(CommandKind::brightness, "0") == 0);
  CHECK(command_value(CommandKind::brightness, "255") == 255);
  CHECK(command_value(CommandKind::trim_zero, "-45") == -kTrimMax);
  CHECK(command_value(CommandKind::trim_full, "45") == kTrimMax);
  for (const char* bad : {"", "-1", "256", "99999999999", "12.5", "+3", " 3", "0x1", "nan"}) {
    CHECK_FALSE(command_value(CommandKind::brightness, bad));
  }
  for (const char* bad : {"", "-46", "46", "1.0", "99999999999"})
    CHECK_FALSE(command_value(CommandKind::trim_zero, bad));
}

TEST_CASE("an order is taken once, however often it was raised, and orders do not touch each other") {
  Flags<Order> orders;
  CHECK_FALSE(orders.take(Order::home));
  orders.raise(Order::home);
  orders.raise(Order::home);
  orders.raise(Order::identify);
  CHECK_FALSE(orders.take(Order::self_test));
  CHECK(orders.take(Order::home));
  CHECK_FALSE(orders.take(Order::home));
  CHECK(orders.take(Order::identify));
}
