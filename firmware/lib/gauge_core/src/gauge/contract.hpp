// Made by scripts/generate, do not edit.
#pragma once

#include <array>
#include <cstdint>

namespace gauge::contract {

inline constexpr char kPrefix[] = "claude_gauge";
inline constexpr char kDisplayPrefix[] = "claude_gauge_display";
inline constexpr char kDiscoveryPrefix[] = "homeassistant";
inline constexpr char kBirthTopic[] = "homeassistant/status";

// Below <prefix>/<instance>/.
inline constexpr std::array<const char*, 3> kNeedleTopics{"display/needle/5h", "display/needle/tach", "display/needle/7d"};
inline constexpr std::array<const char*, 3> kNeedleKeys{"needle_5h", "needle_tach", "needle_7d"};
inline constexpr char kLampsTopic[] = "display/lamps";
inline constexpr char kHeartbeatTopic[] = "display/heartbeat";
inline constexpr char kDisplayTopics[] = "display/#";
inline constexpr char kAvailabilityTopic[] = "availability";
inline constexpr char kOnline[] = "online";
inline constexpr char kOffline[] = "offline";

// Where the numbers come from, and the sources that are nobody's numbers.
inline constexpr char kSourceTopic[] = "source";
inline constexpr std::array<const char*, 2> kPlayedSources{"demo", "replay"};

// Left to right.
enum class Dial : std::uint8_t { fuel_5h, tach, fuel_7d };
inline constexpr std::array<const char*, 3> kDialNames{"5h", "tach", "7d"};
inline constexpr std::int16_t kNeedleMax = 1000;
inline constexpr std::int16_t kNeedleUnknown = -1;

// The value is the bit in kLampsTopic.
enum class Lamp : std::uint8_t { opus, sonnet, haiku, hot, warn, stall, idle };
inline constexpr std::array<const char*, 7> kLampNames{"opus", "sonnet", "haiku", "hot", "warn", "stall", "idle"};
inline constexpr std::uint32_t kModelLamps = 3;

inline constexpr std::uint32_t kHeartbeatS = 30;
inline constexpr std::uint32_t kHeartbeatsMissed = 3;

// Degrees of the motor, from its lower end stop.
inline constexpr float kSweepDeg = 315;
inline constexpr float kParkDeg = 6;
inline constexpr float kZeroDeg = 24;
inline constexpr float kFullDeg = 264;
inline constexpr std::int32_t kStepsPerDegree = 3;
inline constexpr std::int16_t kRedlineMark = 800;

}  // namespace gauge::contract
