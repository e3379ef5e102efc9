#include "needle_task.hpp"

#include "arduino.hpp"

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "boot.hpp"
#include "coils.hpp"
#include "gauge/cluster.hpp"
#include "gauge/kept.hpp"
#include "lamp_outputs.hpp"
#include "pins.hpp"
#include "step_timer.hpp"
#include "tasks.hpp"
#include "watchdog.hpp"

namespace gauge {
namespace {

using contract::Dial;

static_assert(std::is_trivially_default_constructible_v<Kept>, "a constructor would run over what was kept");
RTC_NOINIT_ATTR Kept kept;

std::atomic<bool> found{false};

struct Start {
  Targets& targets;
  NeedleOptions options;
};

constexpr std::uint32_t kStackBytes = 6144;
constexpr UBaseType_t kPriority = 10;  // above loop() and whatever else Arduino puts on core 1
constexpr BaseType_t kCore = 1;

constexpr Millis kMovingMs = 1;
constexpr Millis kRestingMs = 5;  // the button asks for no less
constexpr Millis kLampsMs = 20;

constexpr int kFrontButton = pins::gpio(pins::kPins, "button", "front");
constexpr int kBootButton = pins::gpio(pins::kPins, "button", "boot");
constexpr int kLightSensor = pins::gpio(pins::kPins, "light", "sensor");
static_assert(kFrontButton >= 0 && kBootButton >= 0 && kLightSensor >= 0, "an input without a pin");

// The button on the front, or BOOT on the board. A terminal program may hold BOOT down by its modem lines for as long
// as it is open, so that one lets go by itself before it means "factory reset".
class Buttons {
 public:
  void begin() {
    pinMode(kFrontButton, INPUT);  // 34 has no pull-up of its own
    pinMode(kBootButton, INPUT_PULLUP);
  }

  bool pressed(Millis now) {
    const bool boot = digitalRead(kBootButton) == LOW;
    if (!boot) boot_up_at_ = now;
    return digitalRead(kFrontButton) == LOW || (boot && since(boot_up_at_, now) < kBootButtonMs);
  }

 private:
  static constexpr Millis kBootButtonMs = 5000;
  Millis boot_up_at_ = 0;
};

bool all_known(const Cluster& cluster) {
  return cluster.angle_deg(Dial::fuel_5h) && cluster.angle_deg(Dial::tach) && cluster.angle_deg(Dial::fuel_7d);
}

[[noreturn]] void run(void* argument) {
  const Start& start = *static_cast<const Start*>(argument);

  const RestingSteps steps = resting_steps(kept).value_or(RestingSteps{});
  Coils left(Dial::fuel_5h, steps[0]);
  Coils centre(Dial::tach, steps[1]);
  Coils right(Dial::fuel_7d, steps[2]);
  Cluster cluster({&left, &centre, &right}, start.targets, kept);
  if (!StepTimer::begin({&left, &centre, &right})) Serial.println("needles: no timer for their steps");

  LampOutputs lamps;
  if (!lamps.begin()) Serial.println("lamps: the LED controller refused a pin");
  Buttons buttons;
  buttons.begin();
  if (!watchdog::watch_this_task()) Serial.println("needles: not watched");

  ClusterInputs inputs;
  Millis lamps_at = millis();
  TickType_t woken = xTaskGetTickCount();
  cluster.start({start.options.quiet, boot::needles_undisturbed(), boot::brown_out()}, millis());
  for (;;) {
    const Millis now = millis();
    inputs.button = buttons.pressed(now);
    cluster.tick(inputs, now);
    StepTimer::run(cluster.moving());
    if (reached(lamps_at, now)) {
      lamps_at = now + kLampsMs;
      lamps.show(cluster.lamps());
      if (start.options.light_sensor) inputs.ambient = static_cast<std::int16_t>(analogRead(kLightSensor));
    }
    if (!found && all_known(cluster)) found = true;
    watchdog::feed();
    vTaskDelayUntil(&woken, pdMS_TO_TICKS(cluster.moving() ? kMovingMs : kRestingMs));
  }
}

}  // namespace

bool start_needle_task(Targets& targets, const NeedleOptions& options) {
  static Start start{targets, options};
  return tasks::start(Task::needles, run, kStackBytes, &start, kPriority, kCore) != nullptr;
}

bool needles_are_found() { return found; }

}  // namespace gauge
