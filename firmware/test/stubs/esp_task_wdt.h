// In the shape of esp_task_wdt.h: IDF 4.4 (Arduino core 2) / 5.1 (core 3).
#pragma once

#include <Arduino.h>

#include <cstdint>

extern "C" {
#if ESP_ARDUINO_VERSION_MAJOR >= 3
struct esp_task_wdt_config_t {
  std::uint32_t timeout_ms;
  std::uint32_t idle_core_mask;
  bool trigger_panic;
};
esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t* config);
#else
esp_err_t esp_task_wdt_init(std::uint32_t timeout_s, bool panic);
#endif
esp_err_t esp_task_wdt_add(TaskHandle_t task);
esp_err_t esp_task_wdt_delete(TaskHandle_t task);
esp_err_t esp_task_wdt_reset(void);
}
