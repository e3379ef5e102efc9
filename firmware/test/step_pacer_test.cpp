#include "gauge/step_pacer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gauge/planner.hpp"

using namespace gauge;

namespace {

// The driver chip at the other end of the two lines, and what it saw.
struct Chip {
  void slot(StepPacer& pacer) {
    const StepPacer::Levels levels = pacer.slot();
    if (levels.step && !was.step) {
      place += levels.down ? -1 : 1;
      if (now > 0 && stepped > 0) closest = std::min(closest, now - stepped);
      CHECK(levels.down == was.down);  // the direction stood before the edge
      stepped = now;
    }
    was = levels;
    ++now;
  }
  void ms(StepPacer& pacer) {
    for (int slot_of_ms = 0; slot_of_ms < StepPacer::kSlotsPerMs; ++slot_of_ms) slot(pacer);
  }

  StepPacer::Levels was{};
  std::int32_t place = 0;
  std::int32_t now = 0;
  std::int32_t stepped = 0;
  std::int32_t closest = 1'000'000;  // slots between two steps
};

}  // namespace

TEST_CASE("steps of a millisecond go out evenly, a quarter of a millisecond apart at least") {
  for (int steps = 1; steps <= 4; ++steps) {
    StepPacer pacer;
    Chip chip;
    for (int ms = 0; ms < 100; ++ms) {
      pacer.add(steps);
      chip.ms(pacer);
    }
    CHECK(chip.place + (pacer.still() ? 0 : 1) >= 100 * steps - 1);
    CHECK(chip.closest >= StepPacer::kSlotsPerMs / steps - 1);
    CHECK(chip.closest >= 4);
  }
}

TEST_CASE("steps that come in a bunch are spread, and none is lost") {
  StepPacer pacer;
  Chip chip;
  pacer.add(11);
  for (int ms = 0; ms < 4; ++ms) chip.ms(pacer);
  CHECK(chip.place == 11);
  CHECK(chip.closest >= 4);
  CHECK(pacer.still());
  pacer.add(-7);
  for (int ms = 0; ms < 4; ++ms) chip.ms(pacer);
  CHECK(chip.place == 4);
  CHECK(pacer.still());
}

TEST_CASE("a whole swing, with a timer that is not in step with the task, keeps its distances") {
  for (int offset = 0; offset < StepPacer::kSlotsPerMs; ++offset) {
    StepPacer pacer;
    Chip chip;
    Planner planner({3600, 36000}, 3779);
    for (int slot = 0; slot < offset; ++slot) chip.slot(pacer);
    planner.go_to(3168);
    for (int ms = 0; ms < 3000; ++ms) {
      if (ms == 700) planner.go_to(300);
      pacer.add(planner.tick(1));
      // The task wakes now a little earlier, now a little later.
      for (int slot = 0; slot < StepPacer::kSlotsPerMs + (ms % 3 - 1) * 2; ++slot) chip.slot(pacer);
    }
    for (int ms = 0; ms < 5; ++ms) chip.ms(pacer);
    CHECK(chip.place == 300);
    CHECK(chip.closest >= 4);
  }
}
