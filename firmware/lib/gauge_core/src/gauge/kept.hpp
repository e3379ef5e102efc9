#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "gauge/contract.hpp"

namespace gauge {

// For each dial the step at which its needle rests, counted from its lower end stop.
using RestingSteps = std::array<std::int32_t, contract::kDialNames.size()>;

// Resting places in memory that a soft reset leaves alone and a power cut fills with anything. `Kept{}` holds none:
// write that before a needle moves, since a reset in full swing leaves it nobody knows where.
struct Kept {
  RestingSteps steps;
  std::uint32_t checksum;
};

Kept keep(const RestingSteps& steps);
std::optional<RestingSteps> resting_steps(const Kept& kept);

}  // namespace gauge
