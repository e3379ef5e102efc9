#include "usage_client.hpp"

#include "arduino.hpp"

#include <ArduinoJson.h>

#include <limits>

namespace gauge {
namespace {

constexpr Millis kEveryMs = 1000;
constexpr Millis kBackOffMs = 3000;  // an address that does not answer costs a second each time
constexpr std::uint16_t kTimeoutMs = 1000;

// What is looked at of an answer; all else is not even kept in memory.
const JsonDocument& filter() {
  static const JsonDocument wanted = [] {
    JsonDocument keys;
    for (const char* key : contract::kNeedleKeys) keys[key] = true;
    for (const char* key : {"hot", "warn", "stall", "idle", "last_model", "updated_at"}) keys[key] = true;
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

void UsageClient::poll(const Settings& settings, Session& session, Millis now) {
  if (!reached(due_, now)) return;
  const char* failure = ask(settings, session);
  due_ = now + (failure == nullptr ? kEveryMs : kBackOffMs);
  if (failure != nullptr && failure != failure_) Serial.printf("http: %s\n", failure);
  failure_ = failure;
}

// nullptr, or why there is no answer.
const char* UsageClient::ask(const Settings& settings, Session& session) {
  http_.setReuse(true);
  http_.setConnectTimeout(kTimeoutMs);
  http_.setTimeout(kTimeoutMs);
  if (!http_.begin(socket_, settings.http_url)) return "not an address";
  const int status = http_.GET();
  const bool whole = status == HTTP_CODE_OK && read_body();
  if (whole) {
    tell(session);
  } else if (status == HTTP_CODE_OK) {
    socket_.stop();  // what is left of the answer would be the next one's beginning
  }
  http_.end();
  if (status < 0) return "no answer";
  if (status != HTTP_CODE_OK) return "another status than 200";
  return whole ? nullptr : "the answer is longer than 4 kB, or ended early";
}

bool UsageClient::read_body() {
  const Millis started = millis();
  const int length = http_.getSize();
  if (length <= 0 || length > static_cast<int>(body_.size())) return false;
  const auto wanted = static_cast<std::size_t>(length);
  for (size_ = 0; size_ < wanted;) {
    const int got = socket_.read(reinterpret_cast<std::uint8_t*>(body_.data()) + size_, wanted - size_);
    if (got > 0) {
      size_ += static_cast<std::size_t>(got);
    } else if (since(started, millis()) > kTimeoutMs) {
      return false;
    } else {
      delay(2);
    }
  }
  return true;
}

void UsageClient::tell(Session& session) {
  JsonDocument answer;
  const DeserializationError error =
      deserializeJson(answer, body_.data(), size_, DeserializationOption::Filter(filter()));
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
  usage.updated_at = text(keys["updated_at"]);
  session.on_usage(usage, millis());
}

}  // namespace gauge
