#include "gauge/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

#include "gauge/url.hpp"

namespace gauge {

namespace {

using Check = const char* (*)(std::string_view);

const char* anything(std::string_view) { return nullptr; }

const char* host(std::string_view value) {
  const bool plain = value.find_first_of(" :/@") == std::string_view::npos;
  return plain ? nullptr : "a name or an address only, without mqtt:// and port";
}

const char* url(std::string_view value) {
  const bool good = value.empty() || !url_place(value).host.empty();
  return good ? nullptr : "an address like http://desk:8080/usage";
}

const char* slug(std::string_view value) {
  const bool good = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return good ? nullptr : "a publisher's instance, of a-z, 0-9, _ and -";
}

const char* pass_phrase(std::string_view value) {
  return value.empty() || value.size() >= 8 ? nullptr : "at least 8 characters, or none";
}

template <auto Member, Check check>
const char* set_text(Settings& settings, std::string_view value) {
  auto& field = settings.*Member;
  if (value.size() >= sizeof field) return "too long";
  if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
    return "it has a control character";
  }
  if (const char* wrong = check(value)) return wrong;
  std::memset(field, 0, sizeof field);
  std::memcpy(field, value.data(), value.size());
  return nullptr;
}

template <auto Member>
void show_text(const Settings& settings, Text<128>& text) {
  text.add(settings.*Member);
}

template <auto Member>
const char* set_flag(Settings& settings, std::string_view value) {
  if (value != "on" && value != "off") return "on or off";
  settings.*Member = value == "on";
  return nullptr;
}

template <auto Member>
void show_flag(const Settings& settings, Text<128>& text) {
  text.add(settings.*Member ? "on" : "off");
}

template <class Number>
bool read(std::string_view value, std::int32_t least, std::int32_t most, Number& number) {
  std::int32_t read = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
  if (error != std::errc{} || end != value.data() + value.size() || read < least || read > most) return false;
  number = static_cast<Number>(read);
  return true;
}

const char* set_port(Settings& settings, std::string_view value) {
  return read(value, 1, 65535, settings.broker_port) ? nullptr : "a number from 1 to 65535";
}

void show_port(const Settings& settings, Text<128>& text) { text.add_number(settings.broker_port); }

const char* set_brightness(Settings& settings, std::string_view value) {
  return read(value, 1, 255, settings.brightness) ? nullptr : "a number from 1 to 255";
}

void show_brightness(const Settings& settings, Text<128>& text) { text.add_number(settings.brightness); }

template <contract::Dial dial, auto Member>
const char* set_trim(Settings& settings, std::string_view value) {
  static_assert(kTrimMax == 45, "as the message says");
  Trim& trim = settings.trims[static_cast<std::size_t>(dial)];
  return read(value, -kTrimMax, kTrimMax, trim.*Member) ? nullptr : "thirds of a degree, from -45 to 45";
}

template <contract::Dial dial, auto Member>
void show_trim(const Settings& settings, Text<128>& text) {
  text.add_number(settings.trims[static_cast<std::size_t>(dial)].*Member);
}

template <auto Member, Check check = anything>
constexpr Setting text(const char* key, const char* label, bool secret = false) {
  return {key, label, secret, set_text<Member, check>, show_text<Member>};
}

template <auto Member>
constexpr Setting flag(const char* key, const char* label) {
  return {key, label, false, set_flag<Member>, show_flag<Member>};
}

template <contract::Dial dial, auto Member>
constexpr Setting trim(const char* key, const char* label) {
  return {key, label, false, set_trim<dial, Member>, show_trim<dial, Member>};
}

const Setting* find(std::string_view key) {
  const auto* found =
      std::find_if(kSettings.begin(), kSettings.end(), [key](const Setting& setting) { return setting.key == key; });
  return found == kSettings.end() ? nullptr : found;
}

}  // namespace

using contract::Dial;

constexpr bool kSecret = true;

const std::array<Setting, kSettingCount> kSettings{{
    text<&Settings::wifi_ssid>("wifi_ssid", "Wi-Fi name"),
    text<&Settings::wifi_password, pass_phrase>("wifi_password", "Wi-Fi password", kSecret),
    text<&Settings::broker_host, host>("broker_host", "MQTT broker"),
    {"broker_port", "MQTT port", false, set_port, show_port},
    text<&Settings::broker_user>("broker_user", "MQTT user"),
    text<&Settings::broker_password>("broker_password", "MQTT password", kSecret),
    text<&Settings::instance, slug>("instance", "Publisher (empty: the first one online)"),
    text<&Settings::http_url, url>("http_url", "Address of /usage (without a broker)"),
    text<&Settings::ota_password, pass_phrase>("ota_password", "Update password (empty: no updates)", kSecret),
    {"brightness", "Lamp brightness, 1 to 255", false, set_brightness, show_brightness},
    flag<&Settings::light>("light", "Lamps"),
    flag<&Settings::light_sensor>("light_sensor", "Light sensor"),
    flag<&Settings::quiet_boot>("quiet_boot", "Quiet start"),
    trim<Dial::fuel_5h, &Trim::zero>("trim_5h_zero", "5h fuel: zero, in thirds of a degree"),
    trim<Dial::fuel_5h, &Trim::full>("trim_5h_full", "5h fuel: full scale, in thirds of a degree"),
    trim<Dial::tach, &Trim::zero>("trim_tach_zero", "Tach: zero, in thirds of a degree"),
    trim<Dial::tach, &Trim::full>("trim_tach_full", "Tach: full scale, in thirds of a degree"),
    trim<Dial::fuel_7d, &Trim::zero>("trim_7d_zero", "7d fuel: zero, in thirds of a degree"),
    trim<Dial::fuel_7d, &Trim::full>("trim_7d_full", "7d fuel: full scale, in thirds of a degree"),
}};

const char* set(Settings& settings, std::string_view key, std::string_view value) {
  const Setting* setting = find(key);
  return setting == nullptr ? "no such setting" : setting->set(settings, value);
}

Text<128> show(const Settings& settings, std::string_view key) {
  Text<128> text;
  const Setting* setting = find(key);
  if (setting == nullptr) return text;
  setting->show(settings, text);
  return setting->secret && !text.view().empty() ? Text<128>("(set)") : text;
}

}  // namespace gauge
