#include "gauge/button.hpp"

#include <algorithm>

namespace gauge {
namespace {

constexpr Millis kDebounce = 30;
constexpr Millis kHold = 3'000;
constexpr Millis kLongHold = 10'000;

}  // namespace

ButtonEvent Button::update(bool down, Millis now) {
  if (down != level_) {
    level_ = down;
    since_ = now;
  }
  if (since(since_, now) >= kDebounce) {
    const ButtonEvent event = settle(down);
    if (event != ButtonEvent::none) return event;
  }
  if (state_ == State::down && since(pressed_at_, now) >= kLongHold) {
    state_ = State::ignored;
    return ButtonEvent::long_hold;
  }
  return ButtonEvent::none;
}

ButtonEvent Button::settle(bool down) {
  if (down) {
    if (state_ == State::up) {
      state_ = State::down;
      pressed_at_ = since_;
    }
    return ButtonEvent::none;
  }
  const bool was_down = state_ == State::down;
  state_ = State::up;
  if (!was_down) return ButtonEvent::none;
  return since(pressed_at_, since_) < kHold ? ButtonEvent::press : ButtonEvent::hold;
}

float Button::progress(Millis now) const {
  if (state_ != State::down) return 0;
  return std::min(1.0F, static_cast<float>(since(pressed_at_, now)) / kLongHold);
}

}  // namespace gauge
