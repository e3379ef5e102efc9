#include "gauge/kept.hpp"

#include <cstdint>
#include <optional>

namespace gauge {
namespace {

// FNV-1a, a word at a time.
std::uint32_t checksum(const RestingSteps& steps) {
  std::uint32_t hash = 2166136261U;
  for (const std::int32_t step : steps) hash = (hash ^ static_cast<std::uint32_t>(step)) * 16777619U;
  return hash;
}

}  // namespace

Kept keep(const RestingSteps& steps) { return {steps, checksum(steps)}; }

std::optional<RestingSteps> resting_steps(const Kept& kept) {
  if (kept.checksum != checksum(kept.steps)) return std::nullopt;
  return kept.steps;
}

}  // namespace gauge
