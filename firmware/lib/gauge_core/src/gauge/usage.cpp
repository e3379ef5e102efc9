#include "gauge/usage.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauge {

namespace {

using contract::Lamp;

constexpr std::uint8_t bit(Lamp lamp) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(lamp)); }

}  // namespace

std::uint8_t lamp_mask(const Usage& usage) {
  unsigned mask = 0;
  for (std::size_t lamp = 0; lamp < contract::kModelLamps; ++lamp) {
    if (usage.last_model == contract::kLampNames[lamp]) mask |= 1U << lamp;
  }
  if (usage.hot) mask |= bit(Lamp::hot);
  if (usage.warn) mask |= bit(Lamp::warn);
  if (usage.stall) mask |= bit(Lamp::stall);
  if (usage.idle) mask |= bit(Lamp::idle);
  return static_cast<std::uint8_t>(mask);
}

bool valid(const Usage& usage) {
  return std::all_of(usage.needles.begin(), usage.needles.end(), [](std::int16_t needle) {
    return needle == contract::kNeedleUnknown || (needle >= 0 && needle <= contract::kNeedleMax);
  });
}

std::uint8_t played(std::string_view source) {
  const auto* const begin = contract::kPlayedSources.begin();
  const auto* const found = std::find(begin, contract::kPlayedSources.end(), source);
  return found == contract::kPlayedSources.end() ? std::uint8_t{0} : static_cast<std::uint8_t>(found - begin + 1);
}

void apply(const Usage& usage, Targets& targets) {
  for (std::size_t dial = 0; dial < usage.needles.size(); ++dial) targets.needles[dial] = usage.needles[dial];
  targets.lamps = lamp_mask(usage);
}

}  // namespace gauge
