#include "tasks.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gauge::tasks {
namespace {

std::array<std::atomic<TaskHandle_t>, kTaskNames.size()> started{};

}  // namespace

TaskHandle_t start(Task task, TaskFunction_t code, std::uint32_t stack_bytes, void* argument, UBaseType_t priority,
                   BaseType_t core) {
  const auto index = static_cast<std::size_t>(task);
  TaskHandle_t handle = nullptr;
  if (xTaskCreatePinnedToCore(code, kTaskNames[index], stack_bytes, argument, priority, &handle, core) != pdPASS) {
    return nullptr;
  }
  started[index] = handle;
  return handle;
}

// Espressif's FreeRTOS counts stacks in bytes.
std::optional<std::uint32_t> stack_least_bytes(Task task) {
  const TaskHandle_t handle = started[static_cast<std::size_t>(task)];
  if (handle == nullptr) return std::nullopt;
  return uxTaskGetStackHighWaterMark(handle);
}

}  // namespace gauge::tasks
