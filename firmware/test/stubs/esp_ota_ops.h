// In the shape of esp_ota_ops.h and esp_flash_partitions.h: IDF 4.4 / 5.1.
#pragma once

#include <Arduino.h>

#include <cstdint>

struct esp_partition_t;
enum esp_ota_img_states_t : std::uint32_t {
  ESP_OTA_IMG_NEW = 0,
  ESP_OTA_IMG_PENDING_VERIFY = 1,
  ESP_OTA_IMG_VALID = 2
};

extern "C" {
const esp_partition_t* esp_ota_get_running_partition(void);
esp_err_t esp_ota_get_state_partition(const esp_partition_t* partition, esp_ota_img_states_t* state);
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void);
}
