#include "network_task.hpp"

#include "arduino.hpp"

#include <cstdint>
#include <string_view>

#include "blocking.hpp"
#include "boot.hpp"
#include "console.hpp"
#include "gauge/session.hpp"
#include "identity.hpp"
#include "improv_line.hpp"
#include "machine.hpp"
#include "needle_task.hpp"
#include "portal.hpp"
#include "pubsub_transport.hpp"
#include "radio.hpp"
#include "search.hpp"
#include "settings_store.hpp"
#include "tasks.hpp"
#include "updates.hpp"
#include "usage_client.hpp"
#include "watchdog.hpp"

namespace gauge {
namespace {

constexpr std::uint32_t kStackBytes = 10'240;
constexpr UBaseType_t kPriority = 2;
constexpr BaseType_t kCore = 0;
constexpr Millis kPauseMs = 5;
constexpr std::string_view kSafeModeWords = "safe mode after three crashes in a row, ten minutes long";

// Everything of the network, in one task and so without a lock.
class Network {
 public:
  Network(Settings& settings, Targets& targets, bool safe_mode)
      : settings_(settings), targets_(targets), safe_mode_(safe_mode) {
    targets_.safe_mode = safe_mode;
  }

  void begin() {
    radio_.begin();
    if (safe_mode_) machine_.log("three crashes in a row: ten minutes of Wi-Fi, set-up and updates only");
  }

  void poll(Millis now) {
    gestures();
    wifi(now);
    console(now);
    search_.poll();
    improv_line_.poll(improv_, now);
    portal_.poll(radio_.connected(), safe_mode_ ? kSafeModeWords : session_.trouble().view(), now);
    updates_.poll(settings_, radio_.connected());
    if (!safe_mode_) {
      session_.poll(radio_.connected(), now);
      usage_.poll(settings_, session_, now);
    }
    boot::judge_image(radio_.connected() && needles_are_found(), now);
    boot::poll(safe_mode_, now);
    if (machine_.restarting() || portal_.saved()) restart();
  }

 private:
  void gestures() {
    for (const Gesture gesture : {Gesture::press, Gesture::set_up, Gesture::factory_reset}) {
      if (!targets_.gestures.take(gesture)) continue;
      if (!safe_mode_) session_.on_gesture(gesture);
      if (gesture == Gesture::set_up) set_up_ = true;
      if (gesture == Gesture::factory_reset) factory_reset();
    }
  }

  void wifi(Millis now) {
    switch (radio_.poll(settings_, set_up_, now)) {
      case WifiAction::open_portal:
        if (!portal_.open(now)) machine_.log("set-up: the network does not open");
        break;
      case WifiAction::close_portal:
        portal_.close();
        break;
      case WifiAction::start_station:
      case WifiAction::none:
        break;
    }
    set_up_ = false;
    targets_.portal = radio_.portal_open();
  }

  void console(Millis now) {
    switch (console_.poll(now)) {
      case Console::Wish::restart:
        machine_.restart();
        break;
      case Console::Wish::factory_reset:
        factory_reset();
        break;
      case Console::Wish::changed:
        session_.settings_changed();
        break;
      case Console::Wish::none:
        break;
    }
  }

  void factory_reset() {
    settings_ = Settings{};
    if (!settings_store::erase()) machine_.log("settings: not erased, the flash refuses");
    restart();  // at once: whoever comes later in this turn may save
  }

  [[noreturn]] void restart() {
    session_.close();
    delay(blocking::kLastWordsMs);  // for what is still on its way to the broker, the browser or the console
    ESP.restart();
    for (;;) delay(blocking::kLastWordsMs);
  }

  Settings& settings_;
  Targets& targets_;
  const bool safe_mode_;
  Machine machine_;
  Radio radio_;
  PubSubTransport mqtt_;
  Session session_{mqtt_, machine_, settings_, targets_, this_device()};
  UsageClient usage_;
  Search search_;
  Portal portal_{settings_, search_};
  ImprovLine improv_line_{settings_, radio_, search_};
  Improv improv_{improv_line_, this_device(), host_name()};
  Console console_{settings_, improv_};
  Updates updates_;
  bool set_up_ = false;
};

[[noreturn]] void run(void* argument) {
  Network& network = *static_cast<Network*>(argument);
  if (!watchdog::watch_this_task()) Serial.println("network: not watched");
  network.begin();
  for (;;) {
    watchdog::feed();
    network.poll(millis());
    vTaskDelay(pdMS_TO_TICKS(kPauseMs));
  }
}

}  // namespace

bool start_network_task(Settings& settings, Targets& targets, bool safe_mode) {
  static Network network(settings, targets, safe_mode);
  return tasks::start(Task::network, run, kStackBytes, &network, kPriority, kCore) != nullptr;
}

}  // namespace gauge
