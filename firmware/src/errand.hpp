#pragma once

#include "arduino.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "gauge/host.hpp"

namespace gauge {

// A job that waits for others, in a task of its own, so that who sends it goes on meanwhile. One at a time. What the
// job touches is the errand's from start() on until busy() is false, and the sender's else: so no lock.
class Errand {
 public:
  Errand(Task kind, std::uint32_t stack_bytes, std::function<void()> job)
      : kind_(kind), stack_bytes_(stack_bytes), job_(std::move(job)) {}
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  bool start();  // false: it is at it, or there is no memory for the task
  bool busy() const { return busy_; }

 private:
  [[noreturn]] static void run(void* self);

  const Task kind_;
  const std::uint32_t stack_bytes_;
  const std::function<void()> job_;
  TaskHandle_t task_ = nullptr;
  std::atomic<bool> busy_{false};
};

}  // namespace gauge
