#pragma once

// The table of device_discovery.cpp, and part of it.

#include <cstdint>

#include "gauge/device_discovery.hpp"
#include "gauge/scale.hpp"

namespace gauge {

enum class Kind : std::uint8_t {
  diag,     // shows `below` of the diag JSON
  detail,   // as well, and is disabled until somebody looks for a fault
  state,    // shows the topic `below`
  setting,  // shows it, and sets it on `cmd/<below>`
  press,    // `cmd/<below>` takes kPress
};

// An entity. Its `unique_id` is made of `key`, for ever; `name` may change. `more`: further members, each after a
// comma.
struct Entity {
  Kind kind;
  const char* platform;
  const char* key;
  const char* below;
  const char* name;
  const char* icon;
  const char* category;  // of Home Assistant; "": what the device is for
  const char* more;
};

inline constexpr char kDiagnostic[] = "diagnostic";
inline constexpr char kConfig[] = "config";
// Thirds of a degree on the topic, degrees in Home Assistant.
inline constexpr char kTrimMore[] =
    R"(,"unit_of_measurement":"°","min":-15,"max":15,"step":0.3333,"mode":"slider",)"
    R"("command_template":"{{ (value * 3) | round | int }}","value_template":"{{ (value | float / 3) | round(2) }}")";
static_assert(kTrimMax == 15 * 3, "as kTrimMore says");

inline constexpr char kBytesMore[] =
    R"(,"device_class":"data_size","unit_of_measurement":"B","state_class":"measurement")";
inline constexpr char kCountMore[] = R"(,"state_class":"total_increasing")";
inline constexpr char kSecondsMore[] =
    R"(,"device_class":"duration","unit_of_measurement":"s","state_class":"total_increasing")";
inline constexpr char kLinkMore[] =
    R"(,"device_class":"enum","options":["no_wifi","no_broker","publisher_offline","stale","live"])";

inline constexpr Entity kEntities[] = {
    {Kind::diag, "sensor", "rssi", "rssi", "Signal", "wifi", kDiagnostic,
     R"(,"device_class":"signal_strength","unit_of_measurement":"dBm","state_class":"measurement")"},
    {Kind::diag, "sensor", "uptime", "uptime", "Uptime", "timer-outline", kDiagnostic,
     R"(,"device_class":"duration","unit_of_measurement":"s")"},
    {Kind::diag, "sensor", "reset_reason", "reset_reason", "Reset reason", "restart-alert", kDiagnostic, ""},
    {Kind::diag, "sensor", "heap", "heap", "Free memory", "memory", kDiagnostic, kBytesMore},
    {Kind::diag, "sensor", "ip", "ip", "IP address", "ip-network", kDiagnostic, ""},
    {Kind::diag, "sensor", "version", "version", "Firmware", "chip", kDiagnostic, ""},
    {Kind::diag, "sensor", "reconnects", "reconnects", "Reconnects", "connection", kDiagnostic, kCountMore},
    {Kind::diag, "sensor", "dropped", "dropped", "Refused messages", "message-alert", kDiagnostic, kCountMore},
    {Kind::diag, "sensor", "link", "link", "Link", "lan-connect", kDiagnostic, kLinkMore},
    {Kind::detail, "sensor", "heap_min", "heap_min", "Least free memory", "memory", kDiagnostic, kBytesMore},
    {Kind::detail, "sensor", "heap_block", "heap_block", "Largest free block", "memory", kDiagnostic, kBytesMore},
    {Kind::detail, "sensor", "stack_needles", "stack_needles", "Stack left needles", "layers", kDiagnostic, kBytesMore},
    {Kind::detail, "sensor", "stack_network", "stack_network", "Stack left network", "layers", kDiagnostic, kBytesMore},
    {Kind::detail, "sensor", "stack_broker", "stack_broker", "Stack left broker", "layers", kDiagnostic, kBytesMore},
    {Kind::detail, "sensor", "stack_usage", "stack_usage", "Stack left usage", "layers", kDiagnostic, kBytesMore},
    {Kind::detail, "sensor", "brown_outs", "brown_outs", "Brown-outs", "flash-alert", kDiagnostic, kCountMore},
    {Kind::detail, "sensor", "no_wifi_s", "no_wifi_s", "Time without Wi-Fi", "wifi-off", kDiagnostic, kSecondsMore},
    {Kind::detail, "sensor", "no_broker_s", "no_broker_s", "Time without broker", "server-off", kDiagnostic,
     kSecondsMore},
    {Kind::detail, "sensor", "publisher_offline_s", "publisher_offline_s", "Time without publisher", "account-off",
     kDiagnostic, kSecondsMore},
    {Kind::detail, "sensor", "stale_s", "stale_s", "Time without heartbeat", "heart-off", kDiagnostic, kSecondsMore},
    {Kind::detail, "sensor", "live_s", "live_s", "Time live", "heart", kDiagnostic, kSecondsMore},
    {Kind::state, "binary_sensor", "fresh", kFreshTopic, "Data fresh", "heart-pulse", kDiagnostic, ""},
    {Kind::press, "button", "restart", "restart", "Restart", "restart", kConfig, R"(,"device_class":"restart")"},
    {Kind::press, "button", "identify", "identify", "Identify", "lightbulb-on", kConfig,
     R"(,"device_class":"identify")"},
    {Kind::press, "button", "self_test", "self_test", "Self-test", "gauge-full", kConfig, ""},
    {Kind::press, "button", "home", "home", "Home needles", "gauge-empty", kConfig, ""},
    {Kind::setting, "light", "lamps", "light", "Lamps", "led-on", "", ""},
    {Kind::setting, "switch", "quiet_boot", "quiet_boot", "Quiet start", "volume-off", kConfig, ""},
    {Kind::setting, "number", "trim_5h_zero", "trim/5h/zero", "5h zero", "tune", kConfig, kTrimMore},
    {Kind::setting, "number", "trim_5h_full", "trim/5h/full", "5h full", "tune", kConfig, kTrimMore},
    {Kind::setting, "number", "trim_tach_zero", "trim/tach/zero", "Tach zero", "tune", kConfig, kTrimMore},
    {Kind::setting, "number", "trim_tach_full", "trim/tach/full", "Tach full", "tune", kConfig, kTrimMore},
    {Kind::setting, "number", "trim_7d_zero", "trim/7d/zero", "7d zero", "tune", kConfig, kTrimMore},
    {Kind::setting, "number", "trim_7d_full", "trim/7d/full", "7d full", "tune", kConfig, kTrimMore},
};

}  // namespace gauge
