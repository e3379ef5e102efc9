#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge {

enum class ButtonEvent : std::uint8_t { none, press, hold, long_hold };

// One button. A level counts when it has lasted 30 ms, so that neither bounce nor a floating pin is a press. A button
// that is down at start is ignored until it is let go.
class Button {
 public:
  // Call it at least every 5 ms with what the pin says. Reports, once each:
  // `press` when let go within 3 s, `hold` when let go later, `long_hold` at 10 s while still down.
  ButtonEvent update(bool down, Millis now);

  // How far a button that is down is on its way to `long_hold`, 0..1.
  float progress(Millis now) const;

 private:
  enum class State : std::uint8_t { ignored, up, down };
  ButtonEvent settle(bool down);

  State state_ = State::ignored;
  bool level_ = true;  // as last seen
  Millis since_ = 0;   // when that began
  Millis pressed_at_ = 0;
};

}  // namespace gauge
