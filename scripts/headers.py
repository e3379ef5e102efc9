"""The contract as the firmware reads it: the text of `gauge/contract.hpp`."""

from gauge_mqtt.contract import dials
from gauge_mqtt.contract.scale import REDLINE_MARK
from gauge_mqtt.contract.topics import DIALS, DISCOVERY_PREFIX, DISPLAY_PREFIX, PREFIX, Topics
from gauge_mqtt.contract.usage import (
    EXPIRE_AFTER_S,
    HEARTBEAT_S,
    LAMPS,
    MODEL_LAMPS,
    NEEDLE_MAX,
    NEEDLE_UNKNOWN,
    PLAYED_SOURCES,
)


def _enum(name: str, members: tuple[str, ...]) -> str:
    return f"enum class {name} : std::uint8_t {{ {', '.join(members)} }};"


def contract_header(note: str) -> str:
    """C++17. Topics are given below `<prefix>/<instance>/`; angles are those of the motor, 0 is its lower stop."""
    topics = Topics("x")

    def below(topic: str) -> str:
        return topic.removeprefix(f"{topics.base}/")

    played = ", ".join(f'"{source}"' for source in PLAYED_SOURCES)
    needles = ", ".join(f'"{below(topic)}"' for topic in topics.needles.values())
    dial_names = tuple(f"fuel_{dial}" if dial[0].isdigit() else dial for dial in DIALS)
    return f"""// {note}
#pragma once

#include <array>
#include <cstdint>

namespace gauge::contract {{

inline constexpr char kPrefix[] = "{PREFIX}";
inline constexpr char kDisplayPrefix[] = "{DISPLAY_PREFIX}";
inline constexpr char kDiscoveryPrefix[] = "{DISCOVERY_PREFIX}";
inline constexpr char kBirthTopic[] = "{topics.birth}";

// Below <prefix>/<instance>/.
inline constexpr std::array<const char*, {len(DIALS)}> kNeedleTopics{{{needles}}};
inline constexpr std::array<const char*, {len(DIALS)}> kNeedleKeys{{{", ".join(f'"{key}"' for key in topics.needles)}}};
inline constexpr char kLampsTopic[] = "{below(topics.lamps)}";
inline constexpr char kHeartbeatTopic[] = "{below(topics.heartbeat)}";
inline constexpr char kDisplayTopics[] = "display/#";
inline constexpr char kAvailabilityTopic[] = "{below(topics.availability)}";
inline constexpr char kOnline[] = "online";
inline constexpr char kOffline[] = "offline";

// Where the numbers come from, and the sources that are nobody's numbers.
inline constexpr char kSourceTopic[] = "{below(topics.keys["source"])}";
inline constexpr std::array<const char*, {len(PLAYED_SOURCES)}> kPlayedSources{{{played}}};

// Left to right.
{_enum("Dial", dial_names)}
inline constexpr std::array<const char*, {len(DIALS)}> kDialNames{{{", ".join(f'"{dial}"' for dial in DIALS)}}};
inline constexpr std::int16_t kNeedleMax = {NEEDLE_MAX};
inline constexpr std::int16_t kNeedleUnknown = {NEEDLE_UNKNOWN};

// The value is the bit in kLampsTopic.
{_enum("Lamp", LAMPS)}
inline constexpr std::array<const char*, {len(LAMPS)}> kLampNames{{{", ".join(f'"{lamp}"' for lamp in LAMPS)}}};
inline constexpr std::uint32_t kModelLamps = {len(MODEL_LAMPS)};

inline constexpr std::uint32_t kHeartbeatS = {HEARTBEAT_S};
inline constexpr std::uint32_t kHeartbeatsMissed = {EXPIRE_AFTER_S // HEARTBEAT_S};

// Degrees of the motor, from its lower end stop.
inline constexpr float kSweepDeg = {dials.SWEEP_DEG};
inline constexpr float kParkDeg = {dials.PARK_DEG};
inline constexpr float kZeroDeg = {dials.ZERO_DEG};
inline constexpr float kFullDeg = {dials.FULL_DEG};
inline constexpr std::int32_t kStepsPerDegree = {dials.STEPS_PER_DEGREE};
inline constexpr std::int16_t kRedlineMark = {REDLINE_MARK};

}}  // namespace gauge::contract
"""
