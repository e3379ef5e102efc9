#include "lamp_outputs.hpp"

#include "arduino.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include "pins.hpp"

namespace gauge {
namespace {

constexpr std::uint32_t kHertz = 5000;
constexpr std::uint8_t kBits = 12;
static_assert(pwm_duty(255) == (1U << kBits) - 1, "pwm_duty is made for another resolution");

constexpr std::array<std::uint8_t, contract::kLampNames.size()> lamp_pins() {
  std::array<std::uint8_t, contract::kLampNames.size()> found{};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const int gpio = pins::gpio(pins::kPins, "lamp", contract::kLampNames[i]);
    found[i] = gpio < 0 ? 255 : static_cast<std::uint8_t>(gpio);
  }
  return found;
}

constexpr auto kLampPins = lamp_pins();

constexpr bool wired() {
  for (const std::uint8_t pin : kLampPins) {
    if (pin == 255) return false;
  }
  return true;
}
static_assert(wired(), "a lamp without a pin");

// A channel is the lamp's number. Core 3 addresses it by its pin.
bool attach(std::size_t lamp) {
  const auto channel = static_cast<std::uint8_t>(lamp);
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  return ledcAttachChannel(kLampPins[lamp], kHertz, kBits, channel);
#else
  if (ledcSetup(channel, kHertz, kBits) == 0) return false;
  ledcAttachPin(kLampPins[lamp], channel);
  return true;
#endif
}

void write(std::size_t lamp, std::uint16_t duty) {
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  ledcWrite(kLampPins[lamp], duty);
#else
  ledcWrite(static_cast<std::uint8_t>(lamp), duty);
#endif
}

}  // namespace

bool LampOutputs::begin() {
  bool all = true;
  for (std::size_t lamp = 0; lamp < kLampPins.size(); ++lamp) {
    all = attach(lamp) && all;
    write(lamp, 0);
  }
  return all;
}

void LampOutputs::show(const LampLevels& levels) {
  for (std::size_t lamp = 0; lamp < levels.size(); ++lamp) {
    if (levels[lamp] == shown_[lamp]) continue;
    shown_[lamp] = levels[lamp];
    write(lamp, pwm_duty(levels[lamp]));
  }
}

}  // namespace gauge
