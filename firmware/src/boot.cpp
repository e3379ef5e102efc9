#include "boot.hpp"

#include "arduino.hpp"

#include <esp_ota_ops.h>
#include <esp_system.h>

#include <cstdint>

#include "resets.hpp"

// Arduino's core would else mark each image as good before it has done anything. Declared weak in C.
extern "C" bool verifyRollbackLater() { return true; }

namespace gauge::boot {
namespace {

RTC_NOINIT_ATTR Resets so_far;

constexpr Millis kTrialMs = 600'000;

bool crashed() {
  switch (esp_reset_reason()) {
    case ESP_RST_PANIC:
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return true;
    default:
      return false;
  }
}

bool on_trial() {
  esp_ota_img_states_t state{};
  const esp_partition_t* running = esp_ota_get_running_partition();
  return running != nullptr && esp_ota_get_state_partition(running, &state) == ESP_OK &&
         state == ESP_OTA_IMG_PENDING_VERIFY;
}

}  // namespace

const char* reset_reason() {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
      return "power_on";
    case ESP_RST_EXT:
      return "external";
    case ESP_RST_SW:
      return "restart";
    case ESP_RST_PANIC:
      return "panic";
    case ESP_RST_INT_WDT:
      return "interrupt_watchdog";
    case ESP_RST_TASK_WDT:
      return "task_watchdog";
    case ESP_RST_WDT:
      return "watchdog";
    case ESP_RST_DEEPSLEEP:
      return "deep_sleep";
    case ESP_RST_BROWNOUT:
      return "brown_out";
    case ESP_RST_SDIO:
      return "sdio";
    default:
      return "";
  }
}

// esp_restart() and a panic reset the processors alone: "peripherals (except for Wi-Fi, BT, UART0, SPI1, and legacy
// timers) are not reset" (ESP-IDF, esp_restart), so the lines to the motors stay as they were driven. A watchdog may
// have reset the whole chip, and the reason does not tell.
bool needles_undisturbed() {
  switch (esp_reset_reason()) {
    case ESP_RST_SW:
    case ESP_RST_PANIC:
      return true;
    default:
      return false;
  }
}

std::uint32_t brown_outs() { return so_far.brown_outs; }

bool brown_out() { return esp_reset_reason() == ESP_RST_BROWNOUT; }

bool begin() {
  so_far = after_reset(so_far, crashed(), brown_out());
  return safe_mode(so_far);
}

void poll(bool safe_mode, Millis now) {
  if (now >= kStableMs && so_far.crashes > 0) so_far = resets(0, so_far.brown_outs);
  if (safe_mode && now >= kSafeModeMs) ESP.restart();
}

void judge_image(bool healthy, Millis now) {
  static bool decided = !on_trial();
  if (decided || (!healthy && now < kTrialMs)) return;
  decided = true;
  if (healthy) {
    if (esp_ota_mark_app_valid_cancel_rollback() != ESP_OK) Serial.println("update: cannot mark this image as good");
  } else {
    Serial.println("update: no Wi-Fi or no needles for ten minutes, going back to the firmware before");
    esp_ota_mark_app_invalid_rollback_and_reboot();
  }
}

}  // namespace gauge::boot
