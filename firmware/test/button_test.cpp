#include "gauge/button.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <vector>

using namespace gauge;

namespace {

// Presses a button on a clock of a millisecond and notes what it reports, and when.
struct Finger {
  Button button;
  Millis now = 0;
  std::vector<ButtonEvent> events;
  Millis last_event_at = 0;

  void keep(bool down, Millis ms) {
    for (Millis n = 0; n < ms; ++n) {
      const ButtonEvent event = button.update(down, now);
      if (event != ButtonEvent::none) {
        events.push_back(event);
        last_event_at = now;
      }
      ++now;
    }
  }
  void press(Millis ms) {
    keep(true, ms);
    keep(false, 100);
  }
};

using Events = std::vector<ButtonEvent>;

}  // namespace

TEST_CASE("a short press is reported when the button is let go") {
  Finger finger;
  finger.keep(false, 100);
  finger.keep(true, 200);
  CHECK(finger.events.empty());
  finger.keep(false, 100);
  CHECK(finger.events == Events{ButtonEvent::press});
}

TEST_CASE("a press becomes a hold after 3 s and is reported when let go") {
  Finger finger;
  finger.keep(false, 100);
  finger.press(2999);
  CHECK(finger.events == Events{ButtonEvent::press});
  finger.keep(true, 9000);
  CHECK(finger.events.size() == 1);
  finger.keep(false, 100);
  CHECK(finger.events == Events{ButtonEvent::press, ButtonEvent::hold});
  finger.press(3000);
  CHECK(finger.events.back() == ButtonEvent::hold);
}

TEST_CASE("a long hold is reported at 10 s, while still down, and nothing after it until the next press") {
  Finger finger;
  finger.keep(false, 100);
  const Millis start = finger.now;
  finger.keep(true, 30'000);
  CHECK(finger.events == Events{ButtonEvent::long_hold});
  CHECK(finger.last_event_at - start == 10'000);
  finger.keep(false, 100);
  CHECK(finger.events.size() == 1);
  finger.press(100);
  CHECK(finger.events == Events{ButtonEvent::long_hold, ButtonEvent::press});
}

TEST_CASE("progress grows from 0 to 1 over the 10 s, and is 0 at rest") {
  Finger finger;
  finger.keep(false, 100);
  CHECK(finger.button.progress(finger.now) == 0);
  finger.keep(true, 5000);
  CHECK(finger.button.progress(finger.now) == doctest::Approx(0.5));
  finger.keep(true, 4999);
  CHECK(finger.button.progress(finger.now) < 1);
  CHECK(finger.button.progress(finger.now + 5000) == 1);
  finger.keep(true, 2);
  CHECK(finger.button.progress(finger.now) == 0);
}

TEST_CASE("what is shorter than 30 ms is no press, however often it comes") {
  Finger finger;
  finger.keep(false, 100);
  for (Millis n = 0; n < 1000; ++n) {
    finger.keep(true, 1 + n % 29);
    finger.keep(false, 1 + n % 7);
  }
  finger.keep(false, 100);
  CHECK(finger.events.empty());
  finger.press(31);
  CHECK(finger.events == Events{ButtonEvent::press});
}

TEST_CASE("a floating pin that swings at 50 Hz is no press") {
  Finger finger;
  finger.keep(false, 100);
  for (int n = 0; n < 3000; ++n) {
    finger.keep(true, 10);
    finger.keep(false, 10);
  }
  CHECK(finger.events.empty());
}

TEST_CASE("bounce at either end makes one press of one") {
  std::mt19937 random(7);
  Finger finger;
  finger.keep(false, 100);
  for (int presses = 0; presses < 50; ++presses) {
    for (int n = 0; n < 15; ++n) finger.keep(random() % 2 == 0, 1);
    finger.keep(true, 300);
    for (int n = 0; n < 15; ++n) finger.keep(random() % 2 == 0, 1);
    finger.keep(false, 300);
  }
  CHECK(finger.events == Events(50, ButtonEvent::press));
}

TEST_CASE("a moment's loss of contact does not end a hold") {
  Finger finger;
  finger.keep(false, 100);
  finger.keep(true, 6000);
  finger.keep(false, 20);
  finger.keep(true, 3980);
  CHECK(finger.events.empty());
  finger.keep(true, 2);
  CHECK(finger.events == Events{ButtonEvent::long_hold});
}

TEST_CASE("a button that is down at start is ignored until it was let go") {
  Finger finger;
  finger.keep(true, 20'000);
  CHECK(finger.events.empty());
  CHECK(finger.button.progress(finger.now) == 0);
  finger.keep(false, 100);
  CHECK(finger.events.empty());
  finger.press(100);
  CHECK(finger.events == Events{ButtonEvent::press});
}

TEST_CASE("a hold is timed right across the wrap of the clock") {
  Finger finger;
  finger.now = std::numeric_limits<Millis>::max() - 2000;
  finger.keep(false, 100);
  finger.press(5000);
  CHECK(finger.events == Events{ButtonEvent::hold});
}
