#pragma once

#include <cstdint>

#include "gauge/targets.hpp"

namespace gauge {

struct NeedleOptions {
  bool quiet;         // no sweep and no lamp check at power-on
  bool light_sensor;  // there is one
};

// Starts the task that owns needles, lamps and button, and alone touches their pins. It is pinned to core 1, which
// Wi-Fi never uses, so that nothing the network does can hold a needle up. False: no memory for it.
bool start_needle_task(Targets& targets, const NeedleOptions& options);

// Every needle has found its place since the start.
bool needles_are_found();

}  // namespace gauge
