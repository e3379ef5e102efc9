#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gauge/contract.hpp"
#include "gauge/time.hpp"

namespace gauge {

// Brightness of each lamp as the eye sees it, 0..255, in the order of contract::Lamp.
using LampLevels = std::array<std::uint8_t, contract::kLampNames.size()>;

// Duty of a 12-bit PWM (0..4095) for a brightness as the eye sees it: a power of two, which is near enough to the eye
// and exact in integers. What is lit is never rounded to dark.
constexpr std::uint16_t pwm_duty(std::uint8_t level) {
  return static_cast<std::uint16_t>((std::uint32_t{level} * level * 4095 + 65024) / 65025);
}

inline constexpr Millis kBulbCheckMs = 1500;
inline constexpr Millis kIdentifyMs = 5000;
// The button's 10 s are shown from here on: all lamps lit, then one less every second.
inline constexpr Millis kCountdownFromMs = 3000;

// What STALL can count: Wi-Fi, broker, publisher, and safe mode, in which none of them is asked for.
inline constexpr std::uint8_t kSafeModeBlinks = 4;
inline constexpr std::uint8_t kMostBlinks = kSafeModeBlinks;

// What the lamps have to tell apart from their own shows.
struct LampInputs {
  std::uint8_t mask;        // bits of contract::Lamp
  std::uint8_t blinks;      // not 0: what is missing, see `blinks()`; STALL blinks so often, the others are dark
  bool portal;              // the set-up network is open: one light runs from left to right
  Millis held;              // how long the button is down, 0: up
  std::uint8_t brightness;  // of the whole row, 0..255
};

// The annunciator row. What is shown, the first that applies: the button's count-down, identify, the bulb check, the
// set-up network, the publisher's lamps. Only the last two are dimmed: who asks for the others wants to see them.
class Lamps {
 public:
  void check(Millis now);
  void identify(Millis now);
  LampLevels tick(const LampInputs& inputs, Millis now);

 private:
  enum class Show : std::uint8_t { none, check, identify };

  LampLevels lost(std::uint8_t blinks, Millis now);

  Show show_ = Show::none;
  Millis since_ = 0;
  std::uint8_t blinks_ = 0;  // of the group that is being shown, 0: none is
  Millis group_at_ = 0;      // when it began
};

}  // namespace gauge
