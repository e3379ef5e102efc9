#include "gauge/settings.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <set>
#include <string>

using namespace gauge;

namespace {

std::string text(const Settings& settings, const char* key) { return std::string(show(settings, key).view()); }

// A record as a version would have written it whose struct ended after `size` bytes.
std::string record_of(const Settings& settings, std::uint16_t version, std::size_t size) {
  const SettingsRecord now = store(settings);
  std::string body(reinterpret_cast<const char*>(now.data()) + kRecordHeader, sizeof(Settings));
  body.resize(size, '\x7f');
  std::uint32_t crc = 0xffffffff;
  for (const char c : body) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  crc = ~crc;
  const auto length = static_cast<std::uint16_t>(size);
  std::string record(reinterpret_cast<const char*>(now.data()), kRecordHeader);
  std::memcpy(&record[4], &version, sizeof version);
  std::memcpy(&record[6], &length, sizeof length);
  std::memcpy(&record[8], &crc, sizeof crc);
  return record + body;
}

Loaded load(const std::string& record, Settings& settings) {
  return gauge::load(reinterpret_cast<const std::uint8_t*>(record.data()), record.size(), settings);
}

Settings changed() {
  Settings settings;
  CHECK(set(settings, "wifi_ssid", "home") == nullptr);
  CHECK(set(settings, "wifi_password", "correct horse") == nullptr);
  CHECK(set(settings, "brightness", "77") == nullptr);
  CHECK(set(settings, "trim_7d_full", "-12") == nullptr);
  return settings;
}

}  // namespace

TEST_CASE("every setting has a key and a label of its own, and what it shows it also takes") {
  std::set<std::string> keys;
  std::set<std::string> labels;
  Settings settings = changed();
  for (const Setting& setting : kSettings) {
    CAPTURE(setting.key);
    keys.insert(setting.key);
    labels.insert(setting.label);
    if (!setting.secret) CHECK(set(settings, setting.key, show(settings, setting.key).view()) == nullptr);
  }
  CHECK(keys.size() == kSettingCount);
  CHECK(labels.size() == kSettingCount);
  CHECK(store(settings) == store(changed()));
}

TEST_CASE("each key sets its own field and no other") {
  for (const Setting& setting : kSettings) {
    CAPTURE(setting.key);
    const std::string key = setting.key;
    Settings settings;
    const char* const value = key == "http_url"               ? "http://desk/usage"
                              : key.rfind("trim_", 0) == 0    ? "-45"
                              : key.rfind("broker_p", 0) == 0 ? "8883"
                              : key == "brightness"           ? "9"
                              : key == "light"                ? "off"
                              : key == "light_sensor"         ? "on"
                              : key == "quiet_boot"           ? "on"
                                                              : "some-thing";
    REQUIRE(set(settings, key, value) == nullptr);
    for (const Setting& other : kSettings) {
      const std::string shown = text(settings, other.key);
      const std::string before = text(Settings{}, other.key);
      CAPTURE(other.key);
      CHECK((shown != before) == (key == other.key));
    }
    if (!setting.secret) CHECK(text(settings, setting.key) == value);
  }
}

TEST_CASE("a secret is never shown, only whether it is set") {
  Settings settings;
  for (const char* key : {"wifi_password", "broker_password", "ota_password"}) {
    CHECK(text(settings, key).empty());
    REQUIRE(set(settings, key, "correct horse") == nullptr);
    CHECK(text(settings, key) == "(set)");
  }
}

TEST_CASE("what is wrong with a value is said in words, and nothing changes") {
  struct Case {
    const char* key;
    std::string value;
    const char* wrong;
  };
  const Case cases[] = {
      {"wifi_sid", "x", "no such setting"},
      {"wifi_ssid", std::string(33, 'x'), "too long"},
      {"wifi_ssid", "a\nb", "it has a control character"},
      {"wifi_ssid", "a\x7f", "it has a control character"},
      {"wifi_password", "short12", "at least 8 characters, or none"},
      {"ota_password", "x", "at least 8 characters, or none"},
      {"broker_host", "mqtt://desk", "a name or an address only, without mqtt:// and port"},
      {"broker_host", "me@desk", "a name or an address only, without mqtt:// and port"},
      {"broker_host", "desk:1883", "a name or an address only, without mqtt:// and port"},
      {"broker_port", "0", "a number from 1 to 65535"},
      {"broker_port", "65536", "a number from 1 to 65535"},
      {"broker_port", "1883x", "a number from 1 to 65535"},
      {"broker_port", "", "a number from 1 to 65535"},
      {"instance", "My Desk", "a publisher's instance, of a-z, 0-9, _ and -"},
      {"instance", "desk/x", "a publisher's instance, of a-z, 0-9, _ and -"},
      {"instance", "+", "a publisher's instance, of a-z, 0-9, _ and -"},
      {"http_url", "https://desk/usage", "an address like http://desk:8080/usage"},
      {"http_url", "http://", "an address like http://desk:8080/usage"},
      {"http_url", "http:///usage", "an address like http://desk:8080/usage"},
      {"http_url", "http://:8080/usage", "an address like http://desk:8080/usage"},
      {"http_url", "http://desk:x/", "an address like http://desk:8080/usage"},
      {"http_url", "desk:8080", "an address like http://desk:8080/usage"},
      {"brightness", "0", "a number from 1 to 255"},
      {"brightness", "256", "a number from 1 to 255"},
      {"light", "ON", "on or off"},
      {"quiet_boot", "yes", "on or off"},
      {"trim_tach_zero", "46", "thirds of a degree, from -45 to 45"},
      {"trim_tach_zero", "-46", "thirds of a degree, from -45 to 45"},
      {"trim_tach_full", "1.5", "thirds of a degree, from -45 to 45"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.key);
    CAPTURE(one.value);
    Settings settings = changed();
    const char* wrong = set(settings, one.key, one.value);
    REQUIRE(wrong != nullptr);
    CHECK(std::string(wrong) == one.wrong);
    CHECK(store(settings) == store(changed()));
  }
}

TEST_CASE("the longest texts fit, and texts and secrets can be emptied again") {
  Settings settings;
  CHECK(set(settings, "wifi_ssid", std::string(32, 's')) == nullptr);
  CHECK(set(settings, "wifi_password", std::string(64, 'p')) == nullptr);
  const std::string url = "http://" + std::string(121, 'u');
  CHECK(set(settings, "http_url", url) == nullptr);
  CHECK(text(settings, "http_url") == url);
  for (const char* key : {"wifi_ssid", "wifi_password", "http_url"}) CHECK(set(settings, key, "") == nullptr);
  CHECK(store(settings) == store(Settings{}));
}

TEST_CASE("what was stored is loaded") {
  const SettingsRecord record = store(changed());
  Settings settings;
  CHECK(load(record.data(), record.size(), settings) == Loaded::current);
  CHECK(store(settings) == record);
}

TEST_CASE("an empty flash gives the defaults, and says that there was nothing") {
  Settings settings = changed();
  CHECK(load(nullptr, 0, settings) == Loaded::nothing);
  CHECK(store(settings) == store(Settings{}));
}

TEST_CASE("any flipped bit or missing byte of a record is noticed, and gives the defaults") {
  const SettingsRecord record = store(changed());
  for (std::size_t at = 0; at < record.size(); ++at) {
    if (at == 4 || at == 5) continue;  // the version
    SettingsRecord bad = record;
    bad[at] ^= 4;
    Settings settings = changed();
    CAPTURE(at);
    CHECK(load(bad.data(), bad.size(), settings) == Loaded::damaged);
    CHECK(store(settings) == store(Settings{}));
  }
  for (std::size_t size = 1; size < record.size(); ++size) {
    Settings settings;
    CHECK(load(record.data(), size, settings) == Loaded::damaged);
  }
}

TEST_CASE("an older version's shorter record is taken, and what it lacks keeps its default") {
  Settings settings;
  const std::string record = record_of(changed(), 0, offsetof(Settings, brightness));
  CHECK(load(record, settings) == Loaded::migrated);
  CHECK(text(settings, "wifi_ssid") == "home");
  CHECK(text(settings, "brightness") == "255");
  CHECK(text(settings, "light") == "on");
  CHECK(text(settings, "trim_7d_full") == "0");
}

TEST_CASE("a newer version's longer record, before a roll-back, is taken as far as it is known") {
  Settings settings;
  CHECK(load(record_of(changed(), 9, sizeof(Settings) + 40), settings) == Loaded::migrated);
  CHECK(store(settings) == store(changed()));
}

TEST_CASE("the stored layout is frozen: version 1 has these offsets") {
  CHECK(offsetof(Settings, wifi_ssid) == 0);
  CHECK(offsetof(Settings, wifi_password) == 33);
  CHECK(offsetof(Settings, broker_host) == 98);
  CHECK(offsetof(Settings, broker_user) == 163);
  CHECK(offsetof(Settings, broker_password) == 228);
  CHECK(offsetof(Settings, instance) == 293);
  CHECK(offsetof(Settings, http_url) == 326);
  CHECK(offsetof(Settings, ota_password) == 455);
  CHECK(offsetof(Settings, broker_port) == 520);
  CHECK(offsetof(Settings, brightness) == 522);
  CHECK(offsetof(Settings, light) == 523);
  CHECK(offsetof(Settings, light_sensor) == 524);
  CHECK(offsetof(Settings, quiet_boot) == 525);
  CHECK(offsetof(Settings, trims) == 528);
  CHECK(sizeof(Settings) == 540);
}
