#include "gauge/device_discovery.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "gauge/contract.hpp"
#include "gauge/device_entities.hpp"

namespace gauge {

namespace {

// Takes the message in pieces, once to count it and once to send it.
class Sink {
 public:
  virtual void write(std::string_view part) = 0;
  Sink& operator<<(std::string_view part) {
    write(part);
    return *this;
  }

 protected:
  ~Sink() = default;
};

class Counter final : public Sink {
 public:
  void write(std::string_view part) override { size += part.size(); }
  std::size_t size = 0;
};

// Keeps one piece of it, from `from` on.
class Window final : public Sink {
 public:
  explicit Window(std::size_t from) : from_(from) {}
  void write(std::string_view part) override {
    const std::size_t begin = at_;
    at_ += part.size();
    if (at_ <= from_) return;
    if (begin < from_) part.remove_prefix(from_ - begin);
    part = part.substr(0, piece_.size() - size_);
    std::copy(part.begin(), part.end(), piece_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += part.size();
  }
  std::string_view piece() const { return {piece_.data(), size_}; }

 private:
  const std::size_t from_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::array<char, 1024> piece_;  // half of what there is room for, if there is any
};

// `text` as Home Assistant makes entity ids of names: both spellings of the id say what the names give, so that every
// version makes the same.
Text<64> entity_slug(std::string_view text) {
  Text<64> slug;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    slug.add({plain ? &lower : "_", 1});
  }
  return slug;
}

class Message {
 public:
  Message(Sink& out, const Device& device) : out_(out), version_(device.version) {
    const std::string_view id = device.id;
    name_.add("Claude Gauge display ").add(id.substr(id.size() > 4 ? id.size() - 4 : 0));
    base_.add(contract::kDisplayPrefix).add("/").add(device.id);
    node_.add(contract::kDisplayPrefix).add("_").add(device.id);
  }

  void write() {
    out_ << R"({"device":{"identifiers":[")" << node_.view() << R"("],"name":")" << name_.view()
         << R"(","manufacturer":"claude-gauge","model":"Claude Gauge display","sw_version":")" << version_
         << R"("},"origin":{"name":"claude-gauge display","sw_version":")" << version_
         << R"("},"availability":[{"topic":")" << base_.view() << "/" << contract::kAvailabilityTopic
         << R"("}],"qos":1,"components":{)";
    for (const Entity& entity : kEntities) write(entity);
    trigger("short_press", kShortPress, ",");
    trigger("long_press", kLongPress, "}}");
  }

 private:
  void topic(std::string_view member, std::string_view under, std::string_view below) {
    out_ << ",\"" << member << "\":\"" << base_.view() << "/" << under << below << "\"";
  }

  void write(const Entity& entity) {
    const auto object_id = entity_slug(Text<64>(name_.view()).add(" ").add(entity.name).view());
    out_ << "\"" << entity.key << R"(":{"platform":")" << entity.platform << R"(","unique_id":")" << node_.view() << "_"
         << entity.key << R"(","default_entity_id":")" << entity.platform << "." << object_id.view()
         << R"(","object_id":")" << object_id.view() << R"(","name":")" << entity.name << R"(","icon":"mdi:)"
         << entity.icon << "\"";
    if (entity.category[0] != '\0') out_ << R"(,"entity_category":")" << entity.category << "\"";
    switch (entity.kind) {
      case Kind::detail:
        out_ << R"(,"enabled_by_default":false)";
        [[fallthrough]];
      case Kind::diag:
        // It expires after three of them, because a broker that was restarted empty would leave our last word standing.
        topic("state_topic", "", kDiagTopic);
        out_ << R"(,"value_template":"{{ value_json.)" << entity.below << R"( }}","expire_after":180)";
        break;
      case Kind::state:
        topic("state_topic", "", entity.below);
        break;
      case Kind::setting:
        topic("state_topic", "", entity.below);
        topic("command_topic", "cmd/", entity.below);
        break;
      case Kind::press:
        topic("command_topic", "cmd/", entity.below);
        break;
    }
    if (entity.platform == std::string_view("light")) {
      topic("brightness_state_topic", "", "brightness");
      topic("brightness_command_topic", "cmd/", "brightness");
    }
    out_ << entity.more << "},";
  }

  void trigger(std::string_view type, std::string_view payload, std::string_view end) {
    out_ << "\"button_" << type << R"(":{"platform":"device_automation","automation_type":"trigger","type":"button_)"
         << type << R"(","subtype":"button")";
    topic("topic", "", kButtonTopic);
    out_ << R"(,"payload":")" << payload << "\"}" << end;
  }

  Sink& out_;
  std::string_view version_;
  Text<32> name_;
  Topic base_;
  Topic node_;
};

}  // namespace

Topic own_topic(const Device& device, std::string_view below) {
  Topic topic(contract::kDisplayPrefix);
  topic.add("/").add(device.id).add("/").add(below);
  return topic;
}

DiscoverySender::State DiscoverySender::begin(MqttTransport& mqtt) {
  Topic topic(contract::kDiscoveryPrefix);
  topic.add("/device/").add(contract::kDisplayPrefix).add("/").add(device_.id).add("/config");
  Counter counter;
  Message(counter, device_).write();
  size_ = counter.size;
  sent_ = 0;
  state_ = mqtt.begin(topic.c_str(), size_, true) ? State::sending : State::failed;
  return state_;
}

// The message is made anew for each piece: that costs a dozen times some 300 texts, and no memory.
DiscoverySender::State DiscoverySender::go_on(MqttTransport& mqtt) {
  while (sent_ < size_) {
    if (!mqtt.has_room()) return state_;
    Window window(sent_);
    Message(window, device_).write();
    mqtt.write(window.piece());
    sent_ += window.piece().size();
  }
  state_ = mqtt.end() ? State::sent : State::failed;
  return state_;
}

}  // namespace gauge
