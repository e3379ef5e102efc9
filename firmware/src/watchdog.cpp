#include "watchdog.hpp"

#include "arduino.hpp"

#include <esp_task_wdt.h>

namespace gauge::watchdog {

constexpr std::uint32_t kSeconds = 30;

bool begin() {
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  esp_task_wdt_config_t config{};
  config.timeout_ms = kSeconds * 1000;
  config.idle_core_mask = 1U << 0;  // core 0, as the SDK has it
  config.trigger_panic = true;
  return esp_task_wdt_reconfigure(&config) == ESP_OK;
#else
  return esp_task_wdt_init(kSeconds, true) == ESP_OK;
#endif
}

bool watch_this_task() { return esp_task_wdt_add(nullptr) == ESP_OK; }

void feed() { esp_task_wdt_reset(); }

}  // namespace gauge::watchdog
