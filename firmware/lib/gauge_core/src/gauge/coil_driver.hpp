#pragma once

#include <cstdint>

namespace gauge {

// Turns one motor by whole steps; `steps_per_degree` says how fine they are. Called from the needle task only.
class CoilDriver {
 public:
  virtual ~CoilDriver() = default;

  virtual std::int32_t steps_per_degree() const = 0;
  virtual void step_up() = 0;
  virtual void step_down() = 0;
  // Whether every step that was asked for is made; a driver may take some milliseconds for them.
  virtual bool still() const { return true; }
};

}  // namespace gauge
