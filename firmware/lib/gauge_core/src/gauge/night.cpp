#include "gauge/night.hpp"

#include <algorithm>
#include <cstdint>

namespace gauge {

namespace {

// Of the converter's 4095. Far enough apart that the cluster's own lamps cannot switch it to and fro.
constexpr std::int32_t kDarkBelow = 400;
constexpr std::int32_t kBrightAbove = 700;
constexpr std::int32_t kScale = 256;
constexpr std::int32_t kDim = kScale / 4;
// At 50 ticks a second: light is averaged over about 1.3 s, and dimming takes 2 s.
constexpr std::int32_t kSmoothTicks = 64;
constexpr std::int32_t kFade = 2;

}  // namespace

std::uint8_t Night::tick(std::uint8_t set, std::int16_t ambient) {
  if (ambient == kNoLightSensor) {
    smooth_ = kNothingMeasured;
    dark_ = false;
  } else {
    const std::int32_t reading = ambient * kScale;
    smooth_ = smooth_ == kNothingMeasured ? reading : smooth_ + (reading - smooth_) / kSmoothTicks;
    if (smooth_ < kDarkBelow * kScale) dark_ = true;
    if (smooth_ > kBrightAbove * kScale) dark_ = false;
  }
  factor_ = dark_ ? std::max(kDim, factor_ - kFade) : std::min(kScale, factor_ + kFade);
  const std::int32_t level = set * factor_ / kScale;
  return static_cast<std::uint8_t>(set > 0 ? std::max(level, std::int32_t{1}) : 0);
}

}  // namespace gauge
