#pragma once

#include <atomic>
#include <cstdint>

namespace gauge {

// Spreads the steps that the planner makes in a millisecond over the time, for a driver with step and direction inputs:
// three or four at once would be a speed that no rotor follows. A timer asks for the levels of the two pins in each
// slot, 62.5 us; an edge lasts a slot at least, and a direction stands for a slot before the step that it is for.
class StepPacer {
 public:
  static constexpr std::int32_t kSlotsPerMs = 16;
  // Of a millisecond; what is more comes in the next one, so that steps are 250 us apart at least: 4000 a second, where
  // 3600 are asked for and 7200 are what these motors are said to follow.
  static constexpr std::int32_t kStepsPerMs = 4;

  struct Levels {
    bool step;  // the chip steps on its rising edge
    bool down;
  };

  // From the needle task.
  void add(std::int32_t steps) { due_ += steps; }  // up, or down if negative
  bool still() const { return due_ == 0; }         // every step is out

  // From the timer.
  Levels slot();

 private:
  std::atomic<std::int32_t> due_{0};
  std::int32_t share_ = 0;       // steps of this millisecond
  std::int32_t slot_ = 0;        // of this millisecond
  std::int32_t sum_ = 0;         // a step is due when it reaches kSlotsPerMs
  std::int32_t since_step_ = 0;  // in slots
  Levels levels_{};
};

}  // namespace gauge
