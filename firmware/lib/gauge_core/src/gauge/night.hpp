#pragma once

#include <cstdint>

namespace gauge {

inline constexpr std::int16_t kNoLightSensor = -1;

// Brightness of the lamp row: what the user set, a quarter of it in a dark room if there is a light sensor.
class Night {
 public:
  // 50 times a second. `set`: 0..255; `ambient`: 0..4095 of the converter, more is brighter, or kNoLightSensor.
  std::uint8_t tick(std::uint8_t set, std::int16_t ambient);

 private:
  static constexpr std::int32_t kNothingMeasured = -1;

  std::int32_t smooth_ = kNothingMeasured;  // 1/256 of the converter's unit
  std::int32_t factor_ = 256;               // of 256
  bool dark_ = false;
};

}  // namespace gauge
