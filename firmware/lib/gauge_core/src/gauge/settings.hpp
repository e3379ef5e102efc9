#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gauge/contract.hpp"
#include "gauge/scale.hpp"
#include "gauge/text.hpp"

namespace gauge {

// What survives a power cut. It is stored byte by byte: a later version only appends, and raises kSettingsVersion.
// Texts end with a zero; empty is "not set".
struct Settings {
  char wifi_ssid[33] = "";
  char wifi_password[65] = "";
  char broker_host[65] = "";  // empty: no broker, HTTP alone
  char broker_user[65] = "";
  char broker_password[65] = "";
  char instance[33] = "";      // empty: the first publisher that is online
  char http_url[129] = "";     // of GET /usage, for when there is no broker
  char ota_password[65] = "";  // empty: no updates over the air
  std::uint16_t broker_port = 1883;
  std::uint8_t brightness = 255;  // of the lamps, 1..255
  bool light = true;              // lamps on
  bool light_sensor = false;      // dim the lamps in a dark room
  bool quiet_boot = false;        // no sweep and no bulb check at power-on
  std::array<Trim, contract::kDialNames.size()> trims{};
};
inline constexpr std::uint16_t kSettingsVersion = 1;

// One thing that a portal or a serial line may set, and how.
struct Setting {
  const char* key;
  const char* label;
  bool secret;
  const char* (*set)(Settings&, std::string_view);
  void (*show)(const Settings&, Text<128>&);
};
inline constexpr std::size_t kSettingCount = 19;
extern const std::array<Setting, kSettingCount> kSettings;

// Sets one by its key; nullptr, or what is wrong, in words. Then nothing has changed.
const char* set(Settings& settings, std::string_view key, std::string_view value);

// A value as `set` takes it, "" if there is none; of a secret "(set)" at most. "" for an unknown key.
Text<128> show(const Settings& settings, std::string_view key);

inline constexpr std::size_t kRecordHeader = 12;
// As it lies in flash: magic, version, size, CRC-32 of the rest, then the struct.
using SettingsRecord = std::array<std::uint8_t, kRecordHeader + sizeof(Settings)>;
SettingsRecord store(const Settings& settings);

enum class Loaded : std::uint8_t { current, migrated, nothing, damaged };
// After `nothing` and `damaged` the settings are the defaults. A shorter record is an older version's: what it lacks
// keeps its default. A longer one is a newer version's, before a roll-back: what we know of it is taken.
Loaded load(const std::uint8_t* record, std::size_t size, Settings& settings);

}  // namespace gauge
