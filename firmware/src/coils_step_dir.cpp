#ifdef GAUGE_DRIVER_STEP_DIR

#include "arduino.hpp"

#include "coils.hpp"
#include "pins.hpp"

namespace gauge {
namespace {

constexpr bool wired() {
  for (const char* dial : contract::kDialNames) {
    if (pins::gpio(pins::kPins, dial, "step") < 0 || pins::gpio(pins::kPins, dial, "dir") < 0) return false;
  }
  return true;
}
static_assert(wired(), "a motor without its step or its direction pin");

std::uint8_t pin(contract::Dial dial, const char* which) {
  return static_cast<std::uint8_t>(
      pins::gpio(pins::kPins, contract::kDialNames[static_cast<std::size_t>(dial)], which));
}

// The data sheet of the VID6608 wants 450 ns high and low, and 100 ns between direction and step.
constexpr std::uint32_t kPulseUs = 1;

}  // namespace

Coils::Coils(contract::Dial dial, std::int32_t /*rests_at*/)
    : step_pin_(pin(dial, "step")), direction_pin_(pin(dial, "dir")) {
  pinMode(step_pin_, OUTPUT);
  pinMode(direction_pin_, OUTPUT);
  digitalWrite(step_pin_, LOW);
}

void Coils::step(bool up) {
  const Direction wanted = up ? Direction::up : Direction::down;
  if (direction_ != wanted) {
    direction_ = wanted;
    digitalWrite(direction_pin_, up ? LOW : HIGH);
    delayMicroseconds(kPulseUs);
  }
  digitalWrite(step_pin_, HIGH);  // the chip steps on the rising edge
  delayMicroseconds(kPulseUs);
  digitalWrite(step_pin_, LOW);
  delayMicroseconds(kPulseUs);
}

}  // namespace gauge

#endif
