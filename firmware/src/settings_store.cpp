#include "settings_store.hpp"

#include "arduino.hpp"

#include <Preferences.h>
#include <esp_random.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace gauge::settings_store {
namespace {

constexpr char kSpace[] = "claude-gauge";
constexpr char kSettingsKey[] = "settings";
constexpr char kPasswordKey[] = "set_up";

// A record of a newer firmware, before a roll-back, is longer than ours.
constexpr std::size_t kRecordMost = 2048;
static_assert(sizeof(SettingsRecord) < kRecordMost / 2);

class Space {
 public:
  explicit Space(bool read_only) : open_(preferences_.begin(kSpace, read_only)) {}
  ~Space() {
    if (open_) preferences_.end();
  }
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  explicit operator bool() const { return open_; }
  Preferences* operator->() { return &preferences_; }

 private:
  Preferences preferences_;
  const bool open_;
};

// 32 letters and digits, without those that look alike on a label.
constexpr char kAlphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(sizeof kAlphabet == 33);

bool plausible(const SetUpPassword& password) {
  return password.back() == '\0' && std::all_of(password.begin(), password.end() - 1, [](char c) { return c != '\0'; });
}

}  // namespace

Loaded load(Settings& settings) {
  // Needed once, at the start: not worth 2 KB for ever, nor on the stack of the task that starts all others.
  const std::unique_ptr<std::uint8_t[]> record(new (std::nothrow) std::uint8_t[kRecordMost]);
  std::size_t size = 0;
  // A device that was never set up has no such space yet.
  if (Space space(true); record != nullptr && space && space->isKey(kSettingsKey)) {
    size = space->getBytes(kSettingsKey, record.get(), kRecordMost);
  }
  return gauge::load(record.get(), size, settings);
}

bool save(const Settings& settings) {
  const SettingsRecord record = store(settings);
  Space space(false);
  return space && space->putBytes(kSettingsKey, record.data(), record.size()) == record.size();
}

bool erase() {
  Space space(false);
  return space && (!space->isKey(kSettingsKey) || space->remove(kSettingsKey));
}

SetUpPassword set_up_password() {
  SetUpPassword password{};
  Space space(false);
  if (space && space->isKey(kPasswordKey) &&
      space->getBytes(kPasswordKey, password.data(), password.size()) == password.size() && plausible(password)) {
    return password;
  }
  for (char& c : password) c = kAlphabet[esp_random() % (sizeof kAlphabet - 1)];
  password.back() = '\0';
  if (!space || space->putBytes(kPasswordKey, password.data(), password.size()) != password.size()) {
    Serial.println("set-up: the password could not be kept, it will be another one next time");
  }
  return password;
}

}  // namespace gauge::settings_store
