// The chip and its operating system, as far as the shell asks them.

#include <Preferences.h>
#include <esp_ota_ops.h>
#include <esp_random.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include "arduino.hpp"

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "pins_trace.hpp"
#include "script.hpp"
#include "world.hpp"

using shell::World;

namespace {

constexpr std::uint64_t kMs = 1000;

std::map<std::string, std::vector<std::uint8_t>>& flash() {
  static std::map<std::string, std::vector<std::uint8_t>> flash;
  return flash;
}

constexpr std::uint64_t kTimerTicksPerUs = 2;  // as step_timer.cpp divides the clock
World::Task* timer_task = nullptr;
void (*on_timer)() = nullptr;
std::uint64_t timer_ticks = 0;
bool timer_runs = false;

}  // namespace

HardwareSerial Serial;
EspClass ESP;

extern "C" {

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char* name, std::uint32_t, void* parameters, UBaseType_t,
                                   TaskHandle_t* created, BaseType_t) {
  auto* task = World::get().spawn(name, code, parameters);
  if (created != nullptr) *created = reinterpret_cast<TaskHandle_t>(task);
  return pdPASS;
}
TickType_t xTaskGetTickCount(void) { return static_cast<TickType_t>(World::get().now_us() / kMs); }
BaseType_t xTaskDelayUntil(TickType_t* previous, TickType_t increment) {
  *previous += increment;
  const std::uint64_t at = *previous * kMs;
  World::get().rest(at > World::get().now_us() ? at - World::get().now_us() : 0);
  return pdTRUE;
}
void vTaskDelay(TickType_t ticks) { World::get().rest(ticks * kMs); }
void vTaskDelete(TaskHandle_t) { World::get().wait_for_notice(); }
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t) { return 1234; }
BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  World::notify(*reinterpret_cast<World::Task*>(task));
  return pdPASS;
}
std::uint32_t ulTaskNotifyTake(BaseType_t, TickType_t) {
  World::get().wait_for_notice();
  return 1;
}

unsigned long millis() {
  return static_cast<unsigned long>(static_cast<std::uint32_t>(World::get().now_us() / kMs + shell::clock_ms()));
}
void delay(std::uint32_t ms) { World::get().block(ms * kMs); }
void delayMicroseconds(std::uint32_t us) { World::get().block(us); }
std::int64_t esp_timer_get_time(void) { return static_cast<std::int64_t>(World::get().now_us()); }

hw_timer_t* timerBegin(std::uint8_t, std::uint16_t, bool) { return reinterpret_cast<hw_timer_t*>(&timer_task); }
void timerAttachInterrupt(hw_timer_t*, void (*handler)(void), bool) {
  on_timer = handler;
  timer_task = World::get().spawn(
      "timer",
      [](void*) {
        for (std::uint64_t slot = 0;; ++slot) {
          while (!timer_runs) World::get().wait_for_notice();
          on_timer();
          World::get().rest((slot + 1) * timer_ticks / kTimerTicksPerUs - slot * timer_ticks / kTimerTicksPerUs);
        }
      },
      nullptr);
}
void timerAlarmWrite(hw_timer_t*, std::uint64_t ticks, bool) { timer_ticks = ticks; }
void timerAlarmEnable(hw_timer_t*) {}
void timerStart(hw_timer_t*) {
  timer_runs = true;
  World::notify(*timer_task);
}
void timerStop(hw_timer_t*) { timer_runs = false; }

void pinMode(std::uint8_t, std::uint8_t) {}
void digitalWrite(std::uint8_t pin, std::uint8_t value) {
  shell::pin_writes().push_back({World::get().now_us(), pin, value});
}
int digitalRead(std::uint8_t) { return HIGH; }
std::uint16_t analogRead(std::uint8_t) { return 4095; }
std::uint32_t ledcSetup(std::uint8_t, std::uint32_t freq, std::uint8_t) { return freq; }
void ledcAttachPin(std::uint8_t, std::uint8_t) {}
void ledcWrite(std::uint8_t, std::uint32_t) {}

std::uint32_t esp_random(void) {
  static std::uint32_t state = 2463534242U;  // xorshift32
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
esp_reset_reason_t esp_reset_reason(void) { return shell::reset_reason(); }

esp_err_t esp_task_wdt_init(std::uint32_t, bool) { return ESP_OK; }
esp_err_t esp_task_wdt_add(TaskHandle_t) {
  World::get().watch(true);
  return ESP_OK;
}
esp_err_t esp_task_wdt_delete(TaskHandle_t) {
  World::get().watch(false);
  return ESP_OK;
}
esp_err_t esp_task_wdt_reset(void) {
  World::get().feed();
  return ESP_OK;
}

const esp_partition_t* esp_ota_get_running_partition(void) { return nullptr; }
esp_err_t esp_ota_get_state_partition(const esp_partition_t*, esp_ota_img_states_t*) { return 1; }
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void) { return ESP_OK; }
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void) { return ESP_OK; }
}

std::size_t Print::write(const std::uint8_t* buffer, std::size_t size) {
  for (std::size_t at = 0; at < size; ++at) write(buffer[at]);
  return size;
}
std::size_t Print::printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  return static_cast<std::size_t>(size);
}
std::size_t Print::println(const char text[]) { return printf("%s\n", text); }
void HardwareSerial::begin(unsigned long) {}
int HardwareSerial::available() { return static_cast<int>(shell::serial_in().size()); }
int HardwareSerial::read() {
  std::string& bytes = shell::serial_in();
  if (bytes.empty()) return -1;
  const auto first = static_cast<std::uint8_t>(bytes.front());
  bytes.erase(0, 1);
  return first;
}
std::size_t HardwareSerial::write(std::uint8_t letter) { return printf("%c", letter); }
void EspClass::restart() {
  Serial.println("restart");
  std::_Exit(4);
}
std::uint32_t EspClass::getFreeHeap() { return 180'000; }
std::uint32_t EspClass::getMinFreeHeap() { return 150'000; }
std::uint32_t EspClass::getMaxAllocHeap() { return 110'000; }
std::uint64_t EspClass::getEfuseMac() { return 0xf6e5d4c3b2a1; }

bool Preferences::begin(const char*, bool, const char*) { return true; }
void Preferences::end() {}
bool Preferences::remove(const char* key) { return flash().erase(key) > 0; }
std::size_t Preferences::putBytes(const char* key, const void* value, std::size_t length) {
  const auto* bytes = static_cast<const std::uint8_t*>(value);
  flash()[key].assign(bytes, bytes + length);
  return length;
}
bool Preferences::isKey(const char* key) { return flash().count(key) > 0; }
std::size_t Preferences::getBytes(const char* key, void* buffer, std::size_t most) {
  const auto& kept = flash()[key];
  if (kept.size() > most) return 0;
  std::memcpy(buffer, kept.data(), kept.size());
  return kept.size();
}
