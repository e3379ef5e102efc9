#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "gauge/contract.hpp"
#include "gauge/targets.hpp"

namespace gauge {

// What a display needs of `GET /usage`. Unknown (`null`): -1 for a needle, false for a lamp, "" for a text.
struct Usage {
  std::array<std::int16_t, contract::kDialNames.size()> needles{contract::kNeedleUnknown, contract::kNeedleUnknown,
                                                                contract::kNeedleUnknown};
  bool hot = false;
  bool warn = false;
  bool stall = false;
  bool idle = false;
  std::string_view last_model;  // opus, sonnet, haiku, or another family, which lights none
  std::string_view source;
  std::string_view updated_at;
};

// The lamps as the publisher would have said them on `display/lamps`.
std::uint8_t lamp_mask(const Usage& usage);

// Whether a needle is 0..1000 or -1 in each place.
bool valid(const Usage& usage);

// For Targets::played, of the source's name.
std::uint8_t played(std::string_view source);

void apply(const Usage& usage, Targets& targets);

}  // namespace gauge
