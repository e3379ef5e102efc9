#pragma once

#ifndef GAUGE_DRIVER_STEP_DIR
#include "arduino.hpp"

#include <SwitecX25.h>
#endif

#include <array>
#include <cstdint>

#include "gauge/coil_driver.hpp"
#include "gauge/contract.hpp"
#include "gauge/step_pacer.hpp"

namespace gauge {

#ifdef GAUGE_DRIVER_STEP_DIR

// A motor behind a VID6606, AX1201728SG or another copy of the X12.017: twelve microsteps for a degree. The chip keeps
// the phase by itself. Steps go out when the timer calls slot(), evenly; see step_timer.hpp.
class Coils final : public CoilDriver {
 public:
  Coils(contract::Dial dial, std::int32_t rests_at);

  std::int32_t steps_per_degree() const override { return 12; }
  void step_up() override { pacer_.add(1); }
  void step_down() override { pacer_.add(-1); }
  bool still() const override { return pacer_.still(); }

  void slot();  // from the timer's interrupt, StepPacer::kSlotsPerMs times a millisecond

 private:
  const std::uint8_t step_pin_;
  const std::uint8_t direction_pin_;
  StepPacer pacer_;
  StepPacer::Levels shown_{};
};

#else

// A motor on four pins. SwitecX25 knows which coils carry current in which of the six phases, and no more is asked of
// it: its own motion overshoots by up to 100 degrees.
class Coils final : public CoilDriver {
 public:
  // `rests_at`: the step at which the needle was kept over a soft reset, so that the first step is a step; else 0.
  // Takes the pins, so not before setup().
  Coils(contract::Dial dial, std::int32_t rests_at);

  std::int32_t steps_per_degree() const override { return contract::kStepsPerDegree; }
  void step_up() override;
  void step_down() override;

 private:
  SwitecX25 motor_;
};

#endif

}  // namespace gauge
