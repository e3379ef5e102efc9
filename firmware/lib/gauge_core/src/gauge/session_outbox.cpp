// What the session says: to Home Assistant, for the most part.

#include <cstddef>
#include <string_view>

#include "gauge/contract.hpp"
#include "gauge/device_discovery.hpp"
#include "gauge/session.hpp"

namespace gauge {

bool Session::subscribe() {
  return subscribe_publisher() && mqtt_.subscribe(own_topic(device_, "cmd/#").c_str()) &&
         mqtt_.subscribe(contract::kBirthTopic);
}

bool Session::subscribe_publisher() {
  const bool chosen = settings_.instance[0] != '\0';
  const auto of_publisher = [this, chosen](std::string_view below) {
    return Topic(contract::kPrefix).add("/").add(chosen ? settings_.instance : "+").add("/").add(below);
  };
  return mqtt_.subscribe(of_publisher(contract::kAvailabilityTopic).c_str()) &&
         (!chosen || (mqtt_.subscribe(of_publisher(contract::kDisplayTopics).c_str()) &&
                      mqtt_.subscribe(of_publisher(contract::kSourceTopic).c_str())));
}

void Session::announce() {
  agenda_.drop(Duty::announce);
  discovery_.begin(mqtt_);
  send_on();
}

void Session::send_on() {
  const std::size_t before = discovery_.left();
  const bool going = discovery_.sending() && discovery_.go_on(mqtt_) == DiscoverySender::State::sending;
  if (discovery_.left() != before) room_at_ = now_;
  if (going) return;
  if (discovery_.state() == DiscoverySender::State::failed) log("could not publish ", "the discovery message");
  announce_rest();
}

void Session::announce_rest() {
  publish_settings();
  publish_fresh();
  publish_diag();
  publish(contract::kAvailabilityTopic, contract::kOnline, true);
}

void Session::publish_settings() {
  agenda_.drop(Duty::publish_settings);
  publish("light", settings_.light ? kOn : kOff, true);
  publish("brightness", Text<8>().add_number(settings_.brightness).view(), true);
  publish("quiet_boot", settings_.quiet_boot ? kOn : kOff, true);
  for (const CommandTopic& topic : kCommandTopics) {
    const Trim trim = settings_.trims[static_cast<std::size_t>(topic.dial)];
    if (topic.kind == CommandKind::trim_zero) publish(topic.below, Text<8>().add_number(trim.zero).view(), true);
    if (topic.kind == CommandKind::trim_full) publish(topic.below, Text<8>().add_number(trim.full).view(), true);
  }
}

void Session::publish_fresh() {
  published_fresh_ = monitor_.fresh();
  publish(kFreshTopic, published_fresh_ ? kOn : kOff, true);
}

void Session::publish_diag() {
  agenda_.put(Duty::publish_diag, now_ + kDiagEveryMs);
  publish(kDiagTopic, diag_json(host_.vitals(), device_, counters_, monitor_).view(), true);
}

void Session::on_gesture(Gesture gesture) {
  if (!up() || discovery_.sending()) return;
  if (gesture == Gesture::press) publish(kButtonTopic, kShortPress, false);
  if (gesture == Gesture::set_up) publish(kButtonTopic, kLongPress, false);
}

void Session::publish(std::string_view below, std::string_view payload, bool retained) {
  if (!mqtt_.publish(own_topic(device_, below).c_str(), payload, retained)) log("could not publish ", below);
}

}  // namespace gauge
