#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>

#include "gauge/contract.hpp"
#include "gauge/link.hpp"
#include "gauge/time.hpp"

namespace gauge {

struct NeedlePicture {
  std::int32_t steps;   // of the motor, from its lower end stop
  float deg;            // the same in degrees
  std::int16_t target;  // 0..1000, contract::kNeedleUnknown: parked
  bool moving;
};

// Everything that somebody in front of the cluster can see, and two counters.
struct Picture {
  Millis at;
  Link link;
  std::array<NeedlePicture, contract::kDialNames.size()> needles;
  std::array<std::uint8_t, contract::kLampNames.size()> lamps;  // brightness, 0..255
  std::uint8_t lit;                                             // bit mask: not dark by its pattern, even if dark now
  std::uint8_t played;                                          // as in Targets
  std::uint32_t dropped, reconnects;
};

inline bool operator==(const NeedlePicture& a, const NeedlePicture& b) {
  return std::tie(a.steps, a.target, a.moving) == std::tie(b.steps, b.target, b.moving);
}

// Whether they look the same, whenever they were taken.
inline bool same_look(const Picture& a, const Picture& b) {
  return std::tie(a.link, a.needles, a.lamps, a.lit, a.played, a.dropped, a.reconnects) ==
         std::tie(b.link, b.needles, b.lamps, b.lit, b.played, b.dropped, b.reconnects);
}

// Where pictures go.
class Screen {
 public:
  virtual ~Screen() = default;
  virtual void show(const Picture& picture) = 0;
  // A sentence about the connection to the broker. From any thread.
  virtual void log(const std::string& words) = 0;
  // Nothing more will be shown.
  virtual void close() {}
};

}  // namespace gauge
