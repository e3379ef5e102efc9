#include "gauge/tach_filter.hpp"

#include <cstdint>

namespace gauge {
namespace {

constexpr std::int32_t kStep = 65536;
constexpr std::int32_t kTimeConstantMs = 256;

}  // namespace

void TachFilter::start_at(std::int32_t step) { place_ = step * kStep; }

std::int32_t TachFilter::follow(std::int32_t target_step, Millis dt) {
  const std::int32_t target = target_step * kStep;
  for (Millis ms = 0; ms < dt; ++ms) place_ += (target - place_) / kTimeConstantMs;
  return (place_ + kStep / 2) / kStep;
}

}  // namespace gauge
