#ifdef GAUGE_DRIVER_STEP_DIR

#include "arduino.hpp"

#include <cstddef>
#include <cstdint>

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

}  // namespace

Coils::Coils(contract::Dial dial, std::int32_t /*rests_at*/)
    : step_pin_(pin(dial, "step")), direction_pin_(pin(dial, "dir")) {
  pinMode(step_pin_, OUTPUT);
  pinMode(direction_pin_, OUTPUT);
  digitalWrite(step_pin_, LOW);
  digitalWrite(direction_pin_, LOW);
}

// The data sheet of the VID6606 wants 450 ns high and low, and 100 ns between direction and step; a slot is far longer.
void IRAM_ATTR Coils::slot() {
  const StepPacer::Levels levels = pacer_.slot();
  if (levels.down != shown_.down) digitalWrite(direction_pin_, levels.down ? HIGH : LOW);
  if (levels.step != shown_.step) digitalWrite(step_pin_, levels.step ? HIGH : LOW);
  shown_ = levels;
}

}  // namespace gauge

#endif
