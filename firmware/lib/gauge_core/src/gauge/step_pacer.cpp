#include "gauge/step_pacer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace gauge {

StepPacer::Levels StepPacer::slot() {
  const std::int32_t due = due_;
  if (slot_ == 0) share_ = std::min(std::abs(due), kStepsPerMs);
  slot_ = (slot_ + 1) % kSlotsPerMs;

  sum_ = std::min(sum_ + share_, 2 * kSlotsPerMs);
  levels_.step = false;
  if (++since_step_ < kSlotsPerMs / kStepsPerMs || sum_ < kSlotsPerMs || due == 0) return levels_;
  const bool down = due < 0;
  if (levels_.down != down) {
    levels_.down = down;  // the step itself comes in the next slot
    return levels_;
  }
  sum_ -= kSlotsPerMs;
  levels_.step = true;
  since_step_ = 0;
  due_ += down ? 1 : -1;
  return levels_;
}

}  // namespace gauge
