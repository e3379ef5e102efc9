#pragma once

#include <cstdint>

#include "gauge/host.hpp"
#include "gauge/link.hpp"
#include "gauge/text.hpp"
#include "gauge/time.hpp"

namespace gauge {

inline constexpr Millis kDiagEveryMs = 60000;

// What the session counts since start.
struct Counters {
  std::uint32_t reconnects = 0;  // connections after the first one
  std::uint32_t dropped = 0;     // messages and answers that were refused
};

// The longest values fit, see the test; and with its topic it fits into the buffer of PubSubClient.
using DiagJson = Text<832>;

// The device's state for `claude_gauge_display/<id>/diag`: one JSON object, unknown is null.
DiagJson diag_json(const Vitals& vitals, const Device& device, const Counters& counters, const LinkMonitor& link);

}  // namespace gauge
