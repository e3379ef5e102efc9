#include "virtual_motor.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "gauge/contract.hpp"
#include "trace.hpp"

namespace gauge {
namespace {

// 333 degrees a second, about what the real one follows at 3.3 V: one step of a third of a degree each millisecond.
constexpr std::int32_t kTicksPerDegree = 3;
// The tach's lag makes its last step 0.28 s after the one before.
constexpr auto kStandingStill = std::chrono::milliseconds(500);

}  // namespace

VirtualMotor::VirtualMotor(const char* name, std::int32_t steps_per_degree, std::int32_t start, std::FILE* trace)
    : name_(name),
      steps_per_degree_(steps_per_degree),
      last_(static_cast<std::int32_t>(contract::kSweepDeg) * steps_per_degree - 1),
      trace_(trace),
      steps_(start) {}

void VirtualMotor::begin_tick(bool homing, bool rested) {
  steps_this_tick_ = 0;
  direction_this_tick_ = 0;
  homing_ = homing;
  rested_ = rested_ || rested;
}

void VirtualMotor::step(std::int32_t direction) {
  if (rested_) trace(trace_, name_);
  rested_ = false;
  stepped_at_ = Clock::now();
  if (++steps_this_tick_ > steps_per_degree_ / kTicksPerDegree) {
    fail(std::to_string(steps_this_tick_) + " steps in one millisecond");
  }
  if (direction_this_tick_ == -direction) fail("turned round within one millisecond");
  direction_this_tick_ = direction;
  const std::int32_t wanted = steps_ + direction;
  if (!homing_ && (wanted < 0 || wanted > last_))
    fail("driven against its end stop, to step " + std::to_string(wanted));
  steps_ = std::clamp(wanted, 0, last_);
}

bool VirtualMotor::stepped_lately() const { return Clock::now() - stepped_at_ < kStandingStill; }

void VirtualMotor::fail(const std::string& what) {
  if (!fault_) fault_ = std::string("needle ") + name_ + ": " + what;
}

}  // namespace gauge
