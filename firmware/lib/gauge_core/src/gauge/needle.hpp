#pragma once

#include <cstdint>
#include <optional>

#include "gauge/coil_driver.hpp"
#include "gauge/contract.hpp"
#include "gauge/homing.hpp"
#include "gauge/planner.hpp"
#include "gauge/scale.hpp"
#include "gauge/tach_filter.hpp"
#include "gauge/time.hpp"

namespace gauge {

// One needle on its motor. It does nothing until it is told where it stands (`restore`) or to find out (`home`).
class Needle {
 public:
  Needle(CoilDriver& coils, contract::Dial dial);

  void home();                        // against the lower end stop, then to its target
  void home_near(std::int32_t step);  // it stood there and may have been pushed: against the stop from there
  void restore(std::int32_t step);    // it stands there, 0..last step; nothing moves
  void self_test();                   // from 0 to full and back, then to its target; waits until homing is over

  void set_target(std::int16_t value);  // 0..1000, -1: no data, parks below zero
  void set_trim(Trim trim);             // a new one shows at once

  // Each millisecond while moving; `dt` is the time since the last call.
  void tick(Millis dt);
  bool moving() const;  // false: `tick` has nothing to do

  // Where it stands; std::nullopt until that is known, so while homing too.
  std::optional<std::int32_t> step() const;
  std::optional<float> angle_deg() const;  // of the motor, from its lower end stop

 private:
  enum class Stage : std::uint8_t { lost, stopping, homing, sweep_up, sweep_down, live };
  bool known() const { return stage_ != Stage::lost && stage_ != Stage::homing; }
  void start_at(std::int32_t step);
  void start_homing();
  std::int32_t steps_due(Millis dt);
  void next_stage();

  CoilDriver& coils_;
  const bool tach_;
  Trim trim_{};
  Scale scale_;
  Hysteresis hysteresis_;
  TachFilter filter_;
  Planner planner_;
  Homing homing_;
  Stage stage_ = Stage::lost;
  bool sweep_ = false;  // wanted as soon as the needle is live
  std::int16_t value_ = contract::kNeedleUnknown;
  std::int32_t target_;
};

}  // namespace gauge
