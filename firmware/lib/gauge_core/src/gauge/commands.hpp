#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gauge/contract.hpp"

namespace gauge {

enum class CommandKind : std::uint8_t {
  restart,
  identify,
  self_test,
  home,
  light,       // 0, 1
  brightness,  // 0..255; 0 switches the lamps off
  quiet_boot,  // 0, 1
  trim_zero,   // thirds of a degree, -kTrimMax..kTrimMax
  trim_full,
};

// Where a command comes in, below `claude_gauge_display/<id>/cmd/`. Of those that set something, the value as it stands
// now is retained on the same topic without `cmd/`.
struct CommandTopic {
  CommandKind kind;
  contract::Dial dial;  // of a trim
  const char* below;
};
inline constexpr std::array<CommandTopic, 13> kCommandTopics{{
    {CommandKind::restart, {}, "restart"},
    {CommandKind::identify, {}, "identify"},
    {CommandKind::self_test, {}, "self_test"},
    {CommandKind::home, {}, "home"},
    {CommandKind::light, {}, "light"},
    {CommandKind::brightness, {}, "brightness"},
    {CommandKind::quiet_boot, {}, "quiet_boot"},
    {CommandKind::trim_zero, contract::Dial::fuel_5h, "trim/5h/zero"},
    {CommandKind::trim_full, contract::Dial::fuel_5h, "trim/5h/full"},
    {CommandKind::trim_zero, contract::Dial::tach, "trim/tach/zero"},
    {CommandKind::trim_full, contract::Dial::tach, "trim/tach/full"},
    {CommandKind::trim_zero, contract::Dial::fuel_7d, "trim/7d/zero"},
    {CommandKind::trim_full, contract::Dial::fuel_7d, "trim/7d/full"},
}};

// As Home Assistant writes them: a button, a switch.
inline constexpr char kPress[] = "PRESS";
inline constexpr char kOn[] = "ON";
inline constexpr char kOff[] = "OFF";

// The topic's place in kCommandTopics, or nothing.
std::optional<std::size_t> command_topic(std::string_view below_cmd);

// The value a payload sets (0 for a press), or std::nullopt if it is none for this kind.
std::optional<std::int16_t> command_value(CommandKind kind, std::string_view payload);

}  // namespace gauge
