#pragma once

#include "gauge/settings.hpp"

namespace gauge {

// Firmware over the air, from PlatformIO's or Arduino's espota. Off unless the owner has set a password.
class Updates {
 public:
  void poll(const Settings& settings, bool wifi);

 private:
  bool listening_ = false;
};

}  // namespace gauge
