#include "machine.hpp"

#include "arduino.hpp"

#include <WiFi.h>
#include <esp_random.h>
#include <esp_timer.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "boot.hpp"
#include "settings_store.hpp"
#include "tasks.hpp"

namespace gauge {

Vitals Machine::vitals() {
  Vitals vitals;
  if (WiFi.status() == WL_CONNECTED) {
    const IPAddress ip = WiFi.localIP();
    std::snprintf(ip_.data(), ip_.size(), "%d.%d.%d.%d", ip[0], ip[1], ip[2], ip[3]);
    vitals.ip = ip_.data();
    vitals.rssi_dbm = WiFi.RSSI();
  }
  vitals.uptime_s = static_cast<std::uint32_t>(esp_timer_get_time() / 1'000'000);
  vitals.heap_bytes = ESP.getFreeHeap();
  vitals.heap_least_bytes = ESP.getMinFreeHeap();
  vitals.heap_block_bytes = ESP.getMaxAllocHeap();
  for (std::size_t task = 0; task < vitals.stack_least_bytes.size(); ++task) {
    vitals.stack_least_bytes[task] = tasks::stack_least_bytes(static_cast<Task>(task));
  }
  vitals.brown_outs = boot::brown_outs();
  vitals.reset_reason = boot::reset_reason();
  return vitals;
}

std::uint32_t Machine::random() { return esp_random(); }

void Machine::save(const Settings& settings) {
  if (!settings_store::save(settings)) log("settings: not saved, the flash refuses");
}

void Machine::log(const char* line) { Serial.println(line); }

}  // namespace gauge
