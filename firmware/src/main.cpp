#include "arduino.hpp"

#include <cstdint>

#include "boot.hpp"
#include "gauge/settings.hpp"
#include "gauge/targets.hpp"
#include "identity.hpp"
#include "needle_task.hpp"
#include "network_task.hpp"
#include "settings_store.hpp"
#include "watchdog.hpp"

namespace {

gauge::Targets targets;
gauge::Settings settings;

}  // namespace

void setup() {
  Serial.begin(115200);
  Serial.printf("\nclaude-gauge %s, device %s, started by: %s\n", gauge::this_device().version, gauge::this_device().id,
                gauge::boot::reset_reason());
  const bool safe_mode = gauge::boot::begin();
  if (!gauge::watchdog::begin()) Serial.println("no watchdog");

  switch (gauge::settings_store::load(settings)) {
    case gauge::Loaded::current:
    case gauge::Loaded::migrated:
      break;
    case gauge::Loaded::nothing:
      Serial.println("settings: none yet");
      break;
    case gauge::Loaded::damaged:
      Serial.println("settings: damaged, the defaults stand");
      break;
  }

  const gauge::NeedleOptions options{settings.quiet_boot, settings.light_sensor};
  if (!gauge::start_needle_task(targets, options)) Serial.println("needles: no memory");
  // Three needles at once and the radio were too much for the supply. So one needle at a time, and then the radio.
  if (gauge::boot::brown_out()) {
    Serial.println("power was low: needles one by one, then Wi-Fi");
    constexpr std::uint32_t kLongestMs = 20'000;
    const std::uint32_t from = millis();
    while (!gauge::needles_are_found() && millis() - from < kLongestMs) delay(50);
  }
  if (!gauge::start_network_task(settings, targets, safe_mode)) Serial.println("network: no memory");
}

// Both tasks are on their own; this one's stack is better spent on them.
void loop() { vTaskDelete(nullptr); }
