#include "arduino.hpp"

#include "step_timer.hpp"

#include <cstdint>

namespace gauge {

#ifdef GAUGE_DRIVER_STEP_DIR

namespace {

constexpr std::uint32_t kTicksPerS = 2'000'000;
constexpr std::uint32_t kTicksPerSlot = kTicksPerS / 1000 / StepPacer::kSlotsPerMs;
static_assert(kTicksPerSlot * StepPacer::kSlotsPerMs * 1000 == kTicksPerS, "a slot is a whole number of ticks");

StepTimer::Motors driven{};
hw_timer_t* timer = nullptr;
bool running = false;

void IRAM_ATTR on_slot() {
  for (Coils* motor : driven) motor->slot();
}

}  // namespace

bool StepTimer::begin(const Motors& motors) {
  driven = motors;
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  timer = timerBegin(kTicksPerS);
  if (timer == nullptr) return false;
  timerStop(timer);
  timerAttachInterrupt(timer, on_slot);
  timerAlarm(timer, kTicksPerSlot, true, 0);
#else
  constexpr std::uint8_t kNumber = 0;
  constexpr std::uint32_t kApbHz = 80'000'000;
  timer = timerBegin(kNumber, kApbHz / kTicksPerS, true);
  if (timer == nullptr) return false;
  timerStop(timer);
  timerAttachInterrupt(timer, on_slot, true);
  timerAlarmWrite(timer, kTicksPerSlot, true);
  timerAlarmEnable(timer);
#endif
  return true;
}

void StepTimer::run(bool moving) {
  if (timer == nullptr || moving == running) return;
  running = moving;
  if (moving) {
    timerStart(timer);
  } else {
    timerStop(timer);
  }
}

#else

bool StepTimer::begin(const Motors&) { return true; }
void StepTimer::run(bool) {}

#endif

}  // namespace gauge
