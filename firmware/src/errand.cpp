#include "errand.hpp"

#include "tasks.hpp"
#include "watchdog.hpp"

namespace gauge {
namespace {

constexpr UBaseType_t kPriority = 1;  // below the network task
constexpr BaseType_t kCore = 0;

}  // namespace

bool Errand::start() {
  if (busy_) return false;
  busy_ = true;
  if (task_ == nullptr) task_ = tasks::start(kind_, run, stack_bytes_, this, kPriority, kCore);
  if (task_ == nullptr) {
    busy_ = false;
    return false;
  }
  xTaskNotifyGive(task_);
  return true;
}

void Errand::run(void* self) {
  Errand& errand = *static_cast<Errand*>(self);
  for (;;) {
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    if (!watchdog::watch_this_task()) Serial.println("errand: not watched");
    errand.job_();
    watchdog::let_this_task_rest();
    errand.busy_ = false;
  }
}

}  // namespace gauge
