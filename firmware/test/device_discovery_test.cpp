#include "gauge/device_discovery.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fakes.hpp"
#include "gauge/commands.hpp"
#include "gauge/diag.hpp"
#include "gauge/session.hpp"

using namespace gauge;
using gauge_test::FakeHost;
using gauge_test::FakeMqtt;
using nlohmann::json;

namespace {

using State = DiscoverySender::State;

constexpr Device kDevice{"a1b2c3d4e5f6", "1.2.3"};
const std::string kBase = "claude_gauge_display/a1b2c3d4e5f6/";
const std::string kTopic = "homeassistant/device/claude_gauge_display/a1b2c3d4e5f6/config";

json message(const Device& device = kDevice) {
  FakeMqtt mqtt;
  mqtt.up = true;
  DiscoverySender sender(device);
  REQUIRE(sender.begin(mqtt) == State::sending);
  REQUIRE(sender.go_on(mqtt) == State::sent);
  REQUIRE(mqtt.said.size() == 1);
  CHECK(mqtt.said[0].retained);
  return json::parse(mqtt.said[0].payload);
}

json components(const Device& device = kDevice) { return message(device).at("components"); }

std::set<std::string> keys(const json& object) {
  std::set<std::string> found;
  for (const auto& [key, value] : object.items()) found.insert(key);
  return found;
}

// Topics below this device's base that a member of a component ending in `suffix` names.
std::set<std::string> topics(const std::string& suffix) {
  std::set<std::string> found;
  for (const json& component : components()) {
    for (const auto& [key, value] : component.items()) {
      if (key.size() < suffix.size() || key.substr(key.size() - suffix.size()) != suffix) continue;
      const auto topic = value.get<std::string>();
      REQUIRE(topic.rfind(kBase, 0) == 0);
      found.insert(topic.substr(kBase.size()));
    }
  }
  return found;
}

std::string slug(const std::string& text) {
  std::string found;
  for (const char c : text) {
    found += std::isalnum(static_cast<unsigned char>(c)) != 0
                 ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                 : '_';
  }
  return found;
}

}  // namespace

TEST_CASE("the message goes retained to the topic of one device, with a length that is right") {
  FakeMqtt mqtt;
  mqtt.up = true;
  DiscoverySender sender(kDevice);
  sender.begin(mqtt);
  const std::size_t promised = mqtt.promised;
  CHECK(sender.go_on(mqtt) == State::sent);
  CHECK(mqtt.said.at(0).topic == kTopic);
  CHECK(mqtt.said.at(0).payload.size() == promised);
}

TEST_CASE("a message that cannot be begun is not written") {
  FakeMqtt mqtt;
  DiscoverySender sender(kDevice);
  CHECK(sender.begin(mqtt) == State::failed);
  CHECK_FALSE(sender.sending());
  CHECK(mqtt.open.payload.empty());
}

TEST_CASE("no more of it is sent than there is room for, and in pieces it is the same message") {
  FakeMqtt mqtt;
  mqtt.up = true;
  DiscoverySender sender(kDevice);
  sender.begin(mqtt);
  mqtt.room_for = 0;
  CHECK(sender.go_on(mqtt) == State::sending);
  CHECK(mqtt.open.payload.empty());
  int turns = 0;
  do {
    const std::size_t before = mqtt.open.payload.size();
    mqtt.room_for = 1;
    sender.go_on(mqtt);
    if (sender.sending()) {
      CHECK(mqtt.open.payload.size() - before <= 2048);
      CHECK(mqtt.open.payload.size() > before);
    }
    ++turns;
  } while (sender.sending() && turns < 1000);
  CHECK(sender.state() == State::sent);
  CHECK(turns > 5);
  CHECK(mqtt.said.size() == 1);
  CHECK(json::parse(mqtt.said.at(0).payload) == message());
}

TEST_CASE("the root has only what every Home Assistant since 2025.9 knows") {
  const json root = message();
  CHECK(keys(root) == std::set<std::string>{"device", "origin", "availability", "qos", "components"});
  CHECK(keys(root.at("device")) == std::set<std::string>{"identifiers", "name", "manufacturer", "model", "sw_version"});
  CHECK(root.at("device").at("identifiers") == json{"claude_gauge_display_a1b2c3d4e5f6"});
  CHECK(root.at("device").at("name") == "Claude Gauge display e5f6");
  CHECK(root.at("origin").contains("name"));
  CHECK(root.at("availability") == json{{{"topic", kBase + "availability"}}});
}

TEST_CASE("unique ids are unique, come from key and chip, and differ from those of another chip") {
  std::set<std::string> ids;
  std::size_t entities = 0;
  const json all = components();
  for (const auto& [key, component] : all.items()) {
    if (component.at("platform") == "device_automation") continue;
    ++entities;
    CHECK(component.at("unique_id") == "claude_gauge_display_a1b2c3d4e5f6_" + key);
    ids.insert(component.at("unique_id").get<std::string>());
  }
  CHECK(entities == 34);
  CHECK(ids.size() == entities);
  for (const json& component : components({"a1b2c3d4e5f7", "1.2.3"})) {
    if (component.contains("unique_id")) CHECK(ids.count(component.at("unique_id").get<std::string>()) == 0);
  }
}

TEST_CASE("both spellings of the entity id are what device and entity name give") {
  for (const json& component : components()) {
    if (!component.contains("unique_id")) continue;
    const auto expected = slug("Claude Gauge display e5f6 " + component.at("name").get<std::string>());
    CHECK(component.at("object_id") == expected);
    CHECK(component.at("default_entity_id") == component.at("platform").get<std::string>() + "." + expected);
  }
}

TEST_CASE("every topic that an entity shows is one that the session publishes after a connect") {
  FakeMqtt mqtt;
  FakeHost host;
  Settings settings;
  REQUIRE(set(settings, "broker_host", "broker") == nullptr);
  Targets targets;
  Session session(mqtt, host, settings, targets, kDevice);
  session.poll(true, 1);
  session.poll(true, 2);
  std::set<std::string> said;
  for (const auto& one : mqtt.said) {
    if (one.topic.rfind(kBase, 0) == 0) said.insert(one.topic.substr(kBase.size()));
  }
  CHECK(said.erase("availability") == 1);
  CHECK(topics("state_topic") == said);
}

TEST_CASE("every member of the diag JSON that an entity shows is there") {
  const json diag = json::parse(diag_json({}, kDevice, {}, {}).view());
  int shown = 0;
  const json all = components();
  for (const auto& [key, component] : all.items()) {
    if (!component.contains("value_template") || component.at("platform") != "sensor") continue;
    const auto value = component.at("value_template").get<std::string>();
    CHECK(value == "{{ value_json." + key + " }}");
    CHECK(diag.contains(key));
    // Three of them may be lost.
    CHECK(component.at("expire_after").get<Millis>() * 1000 == 3 * kDiagEveryMs);
    ++shown;
  }
  CHECK(shown == static_cast<int>(diag.size()));
}

TEST_CASE("what only somebody wants to see who looks for a fault is disabled at first, and nothing else is") {
  std::set<std::string> hidden;
  const json all = components();
  for (const auto& [key, component] : all.items()) {
    if (!component.contains("enabled_by_default")) continue;
    CHECK(component.at("enabled_by_default") == false);
    CHECK(component.at("entity_category") == "diagnostic");
    hidden.insert(key);
  }
  CHECK(hidden == std::set<std::string>{"heap_min", "heap_block", "stack_needles", "stack_network", "stack_broker",
                                        "stack_usage", "brown_outs", "no_wifi_s", "no_broker_s", "publisher_offline_s",
                                        "stale_s", "live_s"});
}

TEST_CASE("the states that the link may have are those of the firmware") {
  json options;
  for (const Link link : kLinks) options.push_back(name(link));
  CHECK(components().at("link").at("options") == options);
}

TEST_CASE("every command is an entity's, and every entity's command is obeyed") {
  std::set<std::string> commands;
  for (const CommandTopic& topic : kCommandTopics) commands.insert(std::string("cmd/") + topic.below);
  CHECK(topics("command_topic") == commands);
}

TEST_CASE("what is set is shown on the same topic without cmd/") {
  for (const json& component : components()) {
    for (const char* of : {"", "brightness_"}) {
      const std::string command = std::string(of) + "command_topic";
      const std::string state = std::string(of) + "state_topic";
      if (!component.contains(command) || !component.contains(state)) continue;
      const auto below = component.at(command).get<std::string>().substr((kBase + "cmd/").size());
      CHECK(component.at(state) == kBase + below);
    }
  }
}

TEST_CASE("the trims' range in degrees is the firmware's in steps") {
  const json all = components();
  for (const auto& [key, component] : all.items()) {
    if (component.at("platform") != "number") continue;
    CHECK(component.at("max").get<int>() * 3 == kTrimMax);
    CHECK(component.at("min").get<int>() * 3 == -kTrimMax);
    CHECK(component.at("step").get<double>() * 3 == doctest::Approx(1).epsilon(0.001));
    CHECK(component.at("command_template") == "{{ (value * 3) | round | int }}");
    CHECK(component.at("value_template") == "{{ (value | float / 3) | round(2) }}");
  }
}

TEST_CASE("the button is two device triggers, whose payloads the session sends") {
  const json all = components();
  for (const char* press : {"short", "long"}) {
    const json& trigger = all.at(std::string("button_") + press + "_press");
    CHECK(trigger.at("automation_type") == "trigger");
    CHECK(trigger.at("type") == std::string("button_") + press + "_press");
    CHECK(trigger.at("topic") == kBase + "button");
    CHECK(trigger.at("payload") == press);
  }
}
