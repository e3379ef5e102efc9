#pragma once

#include "gauge/settings.hpp"
#include "gauge/targets.hpp"

namespace gauge {

// Starts the task that owns all that may wait: Wi-Fi, broker, HTTP, set-up, updates, the flash. It runs on core 0,
// beside Wi-Fi. `settings` is its own from here on. False: no memory for it.
bool start_network_task(Settings& settings, Targets& targets, bool safe_mode);

}  // namespace gauge
