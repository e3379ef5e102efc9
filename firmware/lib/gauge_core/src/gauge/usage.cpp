#include "gauge/usage.hpp"

#include <algorithm>

namespace gauge {

namespace {

using contract::Lamp;

constexpr std::uint8_t bit(Lamp lamp) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(lamp)); }

}  // namespace

std::uint8_t lamp_mask(const UsageFrame& frame) {
  unsigned mask = 0;
  for (std::size_t lamp = 0; lamp < contract::kModelLamps; ++lamp) {
    if (frame.last_model == contract::kLampNames[lamp]) mask |= 1U << lamp;
  }
  if (frame.hot) mask |= bit(Lamp::hot);
  if (frame.warn) mask |= bit(Lamp::warn);
  if (frame.stall) mask |= bit(Lamp::stall);
  if (frame.idle) mask |= bit(Lamp::idle);
  return static_cast<std::uint8_t>(mask);
}

bool valid(const UsageFrame& frame) {
  return std::all_of(frame.needles.begin(), frame.needles.end(), [](std::int16_t needle) {
    return needle == contract::kNeedleUnknown || (needle >= 0 && needle <= contract::kNeedleMax);
  });
}

void apply(const UsageFrame& frame, Targets& targets) {
  for (std::size_t dial = 0; dial < frame.needles.size(); ++dial) targets.needles[dial] = frame.needles[dial];
  targets.lamps = lamp_mask(frame);
}

}  // namespace gauge
