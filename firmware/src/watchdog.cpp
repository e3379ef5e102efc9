#include "watchdog.hpp"

#include "arduino.hpp"

#include <esp_task_wdt.h>

#include "blocking.hpp"

namespace gauge::watchdog {

bool begin() {
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  esp_task_wdt_config_t config{};
  config.timeout_ms = blocking::kWatchdogMs;
  config.idle_core_mask = 1U << 0;  // core 0, as the SDK has it
  config.trigger_panic = true;
  return esp_task_wdt_reconfigure(&config) == ESP_OK;
#else
  return esp_task_wdt_init(blocking::kWatchdogMs / 1000, true) == ESP_OK;
#endif
}

bool watch_this_task() { return esp_task_wdt_add(nullptr) == ESP_OK; }

void let_this_task_rest() { esp_task_wdt_delete(nullptr); }

void feed() { esp_task_wdt_reset(); }

}  // namespace gauge::watchdog
