#pragma once

#include <array>

#include "coils.hpp"

namespace gauge {

// The hardware timer that sends the steps of the quad driver out. The interrupt comes on the core that begins it.
// Motors on the chip's own pins need none: theirs make a step a millisecond at most.
class StepTimer {
 public:
  using Motors = std::array<Coils*, contract::kDialNames.size()>;

  static bool begin(const Motors& motors);  // false: there is no timer left
  static void run(bool moving);             // it stands still while nothing moves
};

}  // namespace gauge
