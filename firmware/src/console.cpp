#include "console.hpp"

#include "arduino.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "identity.hpp"
#include "settings_store.hpp"

namespace gauge {
namespace {

constexpr int kBytesAtOnce = 64;

void print(std::string_view text) { Serial.write(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()); }

}  // namespace

Console::Wish Console::poll(Millis now) {
  for (int byte = 0; byte < kBytesAtOnce && Serial.available() > 0; ++byte) {
    const int read = Serial.read();
    if (read < 0) break;
    if (improv_.take(static_cast<std::uint8_t>(read), line_.view().empty(), now)) continue;
    line_.add(improv_.spilled());
    const char c = static_cast<char>(read);
    if (c != '\r' && c != '\n') {
      line_.add({&c, 1});
      continue;
    }
    const auto line = line_;
    line_.clear();
    if (!line.fits()) {
      Serial.println("too long");
    } else if (!line.view().empty()) {
      return obey(line.view());
    }
  }
  return Wish::none;
}

Console::Wish Console::obey(std::string_view line) {
  constexpr std::string_view kSet = "set ";
  if (line.substr(0, kSet.size()) == kSet) return set_one(line.substr(kSet.size()));
  if (line == "restart") return Wish::restart;
  if (line == "factory_reset") return Wish::factory_reset;
  if (line == "show") {
    show_all();
  } else {
    Serial.println("show | set <key> <value> | restart | factory_reset");
  }
  return Wish::none;
}

Console::Wish Console::set_one(std::string_view rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view key = rest.substr(0, end);
  const std::string_view value = rest.substr(std::min(end + 1, rest.size()));
  if (const char* wrong = set(settings_, key, value)) {
    Serial.println(wrong);
    return Wish::none;
  }
  Serial.println(settings_store::save(settings_) ? "saved; network settings count after a restart"
                                                 : "not saved: the flash refuses");
  return Wish::changed;
}

void Console::show_all() const {
  const Device& device = this_device();
  Serial.printf("claude-gauge %s, device %s, %s\n", device.version, device.id, host_name());
  Serial.printf("set-up password %s\n", settings_store::set_up_password().data());
  for (const Setting& setting : kSettings) {
    print(setting.key);
    print(" ");
    print(show(settings_, setting.key).view());
    print("\n");
  }
}

}  // namespace gauge
