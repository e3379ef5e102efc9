#pragma once

#include "arduino.hpp"

#include <cstdint>
#include <optional>

#include "gauge/host.hpp"

namespace gauge::tasks {

// nullptr: no memory for it.
TaskHandle_t start(Task task, TaskFunction_t code, std::uint32_t stack_bytes, void* argument, UBaseType_t priority,
                   BaseType_t core);

// The least that was ever left of its stack, in bytes; of one that was not started, nothing.
std::optional<std::uint32_t> stack_least_bytes(Task task);

}  // namespace gauge::tasks
