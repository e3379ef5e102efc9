#pragma once

#include "gauge/lamps.hpp"

namespace gauge {

// The seven lamps on the LED controller of the chip (12 bits, 5 kHz).
class LampOutputs {
 public:
  // Dark. False if the controller refuses a pin.
  bool begin();
  void show(const LampLevels& levels);

 private:
  LampLevels shown_{};
};

}  // namespace gauge
