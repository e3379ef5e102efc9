#include "usage_answer.hpp"

#include "arduino.hpp"

#include <ArduinoJson.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace gauge {
namespace {

// What is looked at of an answer; all else is not even kept in memory.
const JsonDocument& filter() {
  static const JsonDocument wanted = [] {
    JsonDocument keys;
    for (const char* key : contract::kNeedleKeys) keys[key] = true;
    for (const char* key : {"hot", "warn", "stall", "idle", "last_model", "source", "updated_at"}) keys[key] = true;
    return keys;
  }();
  return wanted;
}

// null is "no data". What is no needle's value, and a key that is not there, make the answer invalid: it is
// another page.
std::int16_t needle(JsonVariantConst value) {
  if (value.isNull() && !value.isUnbound()) return contract::kNeedleUnknown;
  return value.is<std::int16_t>() ? value.as<std::int16_t>() : std::numeric_limits<std::int16_t>::min();
}

std::string_view text(JsonVariantConst value) {
  const char* characters = value.as<const char*>();
  return characters == nullptr ? std::string_view() : std::string_view(characters);
}

}  // namespace

void tell_usage(char* body, std::size_t size, Session& session) {
  JsonDocument answer;
  const DeserializationError error = deserializeJson(answer, body, size, DeserializationOption::Filter(filter()));
  if (error) return session.refuse_usage();
  const auto keys = answer.as<JsonObjectConst>();
  Usage usage;
  for (std::size_t dial = 0; dial < usage.needles.size(); ++dial) {
    usage.needles[dial] = needle(keys[contract::kNeedleKeys[dial]]);
  }
  usage.hot = keys["hot"] | false;
  usage.warn = keys["warn"] | false;
  usage.stall = keys["stall"] | false;
  usage.idle = keys["idle"] | false;
  usage.last_model = text(keys["last_model"]);
  usage.source = text(keys["source"]);
  usage.updated_at = text(keys["updated_at"]);
  session.on_usage(usage, millis());
}

}  // namespace gauge
