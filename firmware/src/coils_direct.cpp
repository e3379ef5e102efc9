#ifndef GAUGE_DRIVER_STEP_DIR

#include <cstddef>
#include <cstdint>
#include <limits>

#include "coils.hpp"
#include "pins.hpp"

namespace gauge {
namespace {

constexpr bool wired() {
  for (const char* dial : contract::kDialNames) {
    for (const char* contact : {"1", "2", "3", "4"}) {
      if (pins::gpio(pins::kPins, dial, contact) < 0) return false;
    }
  }
  return true;
}
static_assert(wired(), "a motor without all of its four pins");

unsigned char pin(contract::Dial dial, const char* contact) {
  const char* name = contract::kDialNames[static_cast<std::size_t>(dial)];
  return static_cast<unsigned char>(pins::gpio(pins::kPins, name, contact));
}

// SwitecX25 counts steps and stops at 0 and at the end of its scale. Where those are is the planner's to know, and
// homing goes below 0, so it counts in the middle of a scale without ends.
constexpr unsigned int kEndless = std::numeric_limits<unsigned int>::max();

}  // namespace

Coils::Coils(contract::Dial dial, std::int32_t rests_at)
    : motor_(kEndless, pin(dial, "1"), pin(dial, "2"), pin(dial, "3"), pin(dial, "4")) {
  motor_.currentState = static_cast<unsigned char>(rests_at % SwitecX25::stateCount);
}

void Coils::step_up() {
  motor_.currentStep = kEndless / 2;
  motor_.stepUp();
}

void Coils::step_down() {
  motor_.currentStep = kEndless / 2;
  motor_.stepDown();
}

}  // namespace gauge

#endif
