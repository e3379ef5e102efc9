#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "gauge/coil_driver.hpp"

namespace gauge {

// A motor between two end stops that knows where it is and what it cannot follow. The first thing asked of it that the
// real one cannot do is kept in `fault()`.
class VirtualMotor final : public CoilDriver {
 public:
  // `start`: where it stands at power-on, in steps, which nobody else knows. `trace`: of its first steps, or nullptr.
  VirtualMotor(const char* name, std::int32_t steps_per_degree, std::int32_t start, std::FILE* trace);

  std::int32_t steps_per_degree() const override { return steps_per_degree_; }
  void step_up() override { step(1); }
  void step_down() override { step(-1); }

  // A tick of the needle task begins. `homing`: it may be pressed against its stops; `rested`: no needle was moving.
  void begin_tick(bool homing, bool rested);

  std::int32_t steps() const { return steps_; }
  float deg() const { return static_cast<float>(steps_) / static_cast<float>(steps_per_degree_); }
  bool stepped_lately() const;
  const std::optional<std::string>& fault() const { return fault_; }

 private:
  using Clock = std::chrono::steady_clock;

  void step(std::int32_t direction);
  void fail(const std::string& what);

  const char* const name_;
  const std::int32_t steps_per_degree_;
  const std::int32_t last_;
  std::FILE* const trace_;
  std::int32_t steps_;
  std::int32_t steps_this_tick_ = 0;
  std::int32_t direction_this_tick_ = 0;
  Clock::time_point stepped_at_{};
  bool homing_ = false;
  bool rested_ = false;
  std::optional<std::string> fault_;
};

}  // namespace gauge
