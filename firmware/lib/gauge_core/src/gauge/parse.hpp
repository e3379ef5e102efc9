#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gauge/contract.hpp"

namespace gauge {

// What the publisher says on its display topics. Nothing is trimmed, rounded or clamped: a payload is exactly what the
// contract allows, or std::nullopt, which leaves the old value where it is.
std::optional<std::int16_t> parse_needle(std::string_view payload);        // 0..1000, or -1: no data
std::optional<std::uint8_t> parse_lamps(std::string_view payload);         // bit mask of contract::Lamp, 0..127
std::optional<std::uint32_t> parse_heartbeat_s(std::string_view payload);  // 1..86400
std::optional<bool> parse_availability(std::string_view payload);          // true: online

// What stands below "<prefix>/<instance>/", or an empty view if `topic` is not below it.
std::string_view topic_below(std::string_view topic, std::string_view prefix, std::string_view instance);

// Which dial "display/needle/<dial>" is, or std::nullopt.
std::optional<contract::Dial> dial_of(std::string_view topic_below_instance);

}  // namespace gauge
