#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gauge/host.hpp"
#include "gauge/mqtt_transport.hpp"
#include "gauge/time.hpp"

namespace gauge_test {

struct Message {
  std::string topic;
  std::string payload;
  bool retained = false;
};

// A broker's end of the line: it remembers what was said to it, and says what it was told to say at the next loop().
// A try to connect takes `takes_ms` on the clock of whoever sets `now`.
class FakeMqtt final : public gauge::MqttTransport {
 public:
  void dial(const gauge::MqttConnect& options) override {
    ++connects;
    asked = options;
    dialled_at = now;
  }
  gauge::MqttResult dialled() override {
    if (gauge::since(dialled_at, now) < takes_ms) return gauge::MqttResult::pending;
    up = answer == gauge::MqttResult::connected;
    ended_at = now;
    return answer;
  }
  bool connected() override { return up; }
  void disconnect() override {
    if (up && promised == 0) said.push_back({"(disconnect)", "", false});
    promised = 0;
    up = false;
  }
  bool has_room() override {
    if (room_for == kEndless) return true;
    if (room_for == 0) return false;
    --room_for;
    return true;
  }
  void loop(gauge::MqttListener& listener) override {
    interleaved = interleaved || promised > 0;
    while (!inbox.empty()) {
      const auto [topic, payload] = std::exchange(inbox.front(), {});
      inbox.pop_front();
      in_callback = true;
      listener.on_message(topic, payload);
      in_callback = false;
    }
  }
  bool subscribe(const char* filter) override {
    note();
    filters.emplace_back(filter);
    return takes_subscriptions;
  }
  bool publish(const char* topic, std::string_view payload, bool retained) override {
    note();
    if (!up) return false;
    said.push_back({topic, std::string(payload), retained});
    return true;
  }
  bool begin(const char* topic, std::size_t size, bool retained) override {
    note();
    open = {topic, "", retained};
    promised = up ? size : 0;
    return up;
  }
  void write(std::string_view part) override { open.payload += part; }
  bool end() override {
    const bool whole = up && open.payload.size() == promised;
    promised = 0;
    if (whole) said.push_back(open);
    return whole;
  }

  void hear(std::string topic, std::string payload) { inbox.emplace_back(std::move(topic), std::move(payload)); }

  // The last payload on a topic, or "(nothing)".
  std::string last(const std::string& topic) const {
    std::string found = "(nothing)";
    for (const Message& message : said) {
      if (message.topic == topic) found = message.payload;
    }
    return found;
  }
  int count(const std::string& topic) const {
    int found = 0;
    for (const Message& message : said) found += message.topic == topic;
    return found;
  }

  gauge::MqttResult answer = gauge::MqttResult::connected;
  gauge::Millis takes_ms = 0;
  gauge::Millis now = 0;
  gauge::Millis dialled_at = 0;
  gauge::Millis ended_at = 0;  // of the last try
  bool takes_subscriptions = true;
  bool up = false;
  int connects = 0;
  gauge::MqttConnect asked{};
  std::vector<std::string> filters;
  std::vector<Message> said;
  std::deque<std::pair<std::string, std::string>> inbox;
  Message open;
  std::size_t promised = 0;
  bool in_callback = false;
  bool published_in_callback = false;
  static constexpr int kEndless = -1;
  int room_for = kEndless;   // how often there is still room
  bool interleaved = false;  // something came into the middle of a message

 private:
  void note() {
    published_in_callback = published_in_callback || in_callback;
    interleaved = interleaved || promised > 0;
  }
};

class FakeHost final : public gauge::Host {
 public:
  gauge::Vitals vitals() override { return now; }
  std::uint32_t random() override { return dice; }
  void save(const gauge::Settings& settings) override {
    ++saves;
    saved = settings;
  }
  void restart() override { ++restarts; }
  void log(const char* line) override { lines.emplace_back(line); }

  int logged(const std::string& line) const {
    int found = 0;
    for (const std::string& one : lines) found += one == line;
    return found;
  }

  gauge::Vitals now;
  std::uint32_t dice = 0;
  int saves = 0;
  int restarts = 0;
  gauge::Settings saved;
  std::vector<std::string> lines;
};

}  // namespace gauge_test
