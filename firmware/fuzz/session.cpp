// Whatever a broker sends, and however often it goes away: what the needle task is told stays in range, nothing is said
// from within a callback or into the middle of a message, and nothing is said to anyone else's topics.

#include "gauge/session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "../test/fakes.hpp"
#include "gauge/scale.hpp"
#include "require.hpp"

namespace {

constexpr char kId[] = "a1b2c3d4e5f6";
constexpr std::string_view kTopics[] = {
    "claude_gauge/desk/availability",
    "claude_gauge/desk/display/needle/5h",
    "claude_gauge/desk/display/needle/tach",
    "claude_gauge/desk/display/needle/7d",
    "claude_gauge/desk/display/lamps",
    "claude_gauge/desk/display/heartbeat",
    "claude_gauge/lab/availability",
    "claude_gauge/lab/display/lamps",
    "homeassistant/status",
    "claude_gauge_display/a1b2c3d4e5f6/cmd/restart",
    "claude_gauge_display/a1b2c3d4e5f6/cmd/brightness",
    "claude_gauge_display/a1b2c3d4e5f6/cmd/light",
    "claude_gauge_display/a1b2c3d4e5f6/cmd/trim/tach/zero",
};
constexpr std::string_view kPayloads[] = {"online", "offline", "437",   "-1",  "127", "30",
                                          "",       "ON",      "PRESS", "255", "-45"};
constexpr gauge::Millis kPauses[] = {1, 20, 500, 4'000, 61'000, 100'000, 86'400'000};

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

class Desk {
 public:
  explicit Desk(bool named) {
    gauge::set(settings_, "broker_host", "broker");
    if (named) gauge::set(settings_, "instance", "desk");
  }

  void pass(gauge::Millis ms) {
    now_ += ms;
    mqtt_.now = now_;
    session_.poll(wifi_, now_);
    check();
  }

  void hear(std::string_view topic, std::string_view payload) { mqtt_.hear(std::string(topic), std::string(payload)); }
  void drop() { mqtt_.up = false; }
  void make_room(std::uint8_t times) { mqtt_.room_for = times == 0xff ? mqtt_.kEndless : times; }
  void toggle_wifi() { wifi_ = !wifi_; }
  void toggle_broker() {
    const bool well = mqtt_.answer == gauge::MqttResult::connected;
    mqtt_.answer = well ? gauge::MqttResult::unreachable : gauge::MqttResult::connected;
  }

 private:
  void check() {
    for (const auto& needle : targets_.needles) require(needle >= -1 && needle <= 1000);
    require(targets_.lamps <= 127);
    for (const auto& trim : settings_.trims) {
      require(trim.zero >= -gauge::kTrimMax && trim.zero <= gauge::kTrimMax);
      require(trim.full >= -gauge::kTrimMax && trim.full <= gauge::kTrimMax);
    }
    require(!mqtt_.published_in_callback);
    require(!mqtt_.interleaved);
    for (const auto& message : mqtt_.said) {
      const bool own = starts_with(message.topic, std::string("claude_gauge_display/") + kId + "/");
      const bool discovery = starts_with(message.topic, "homeassistant/device");
      require(own || discovery || message.topic == "(disconnect)");
    }
    mqtt_.said.clear();
  }

  gauge_test::FakeMqtt mqtt_;
  gauge_test::FakeHost host_;
  gauge::Settings settings_;
  gauge::Targets targets_;
  gauge::Session session_{mqtt_, host_, settings_, targets_, {kId, "1.2.3"}};
  gauge::Millis now_ = 0xffff'0000;
  bool wifi_ = true;
};

template <std::size_t N>
std::string_view pick(const std::string_view (&texts)[N], std::uint8_t which) {
  return texts[which % N];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view left(reinterpret_cast<const char*>(data), size);
  const auto next = [&left]() -> std::uint8_t {
    if (left.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(left.front());
    left.remove_prefix(1);
    return byte;
  };
  const auto raw = [&left, &next] {
    const std::string_view text = left.substr(0, next());
    left.remove_prefix(std::min(text.size(), left.size()));
    return text;
  };
  Desk desk(next() % 2 == 0);
  desk.pass(1);
  while (!left.empty()) {
    switch (next() % 9) {
      case 0:
        desk.drop();
        break;
      case 1:
        desk.toggle_wifi();
        break;
      case 2:
        desk.toggle_broker();
        break;
      case 3:
        desk.pass(kPauses[next() % std::size(kPauses)]);
        break;
      case 4:
      case 5:
        desk.hear(pick(kTopics, next()), pick(kPayloads, next()));
        break;
      case 6:
        desk.make_room(next());
        break;
      case 7: {
        const std::string_view topic = pick(kTopics, next());
        desk.hear(topic, raw());
        break;
      }
      default: {
        const std::string_view topic = raw();
        desk.hear(topic, raw());
      }
    }
    desk.pass(1);
  }
  return 0;
}
