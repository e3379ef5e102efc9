// Whatever stands in a payload or a topic, it is refused or it is in range.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gauge/parse.hpp"
#include "require.hpp"

namespace {

// A number is read only from its own decimal digits.
void require_digits_of(std::int64_t number, std::string_view payload) {
  require(payload.size() <= 5);
  if (number >= 0) payload.remove_prefix(std::min(payload.find_first_not_of('0'), payload.size() - 1));
  require(payload == std::to_string(number));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto needle = gauge::parse_needle(text)) {
    require(*needle >= -1 && *needle <= 1000);
    require_digits_of(*needle, text);
  }
  if (const auto lamps = gauge::parse_lamps(text)) {
    require(*lamps <= 127);
    require_digits_of(*lamps, text);
  }
  if (const auto heartbeat_s = gauge::parse_heartbeat_s(text)) {
    require(*heartbeat_s >= 1 && *heartbeat_s <= 86400);
    require_digits_of(*heartbeat_s, text);
  }
  if (const auto online = gauge::parse_availability(text)) require(text == (*online ? "online" : "offline"));

  const std::string_view below = gauge::topic_below(text, "claude_gauge", "desk");
  if (!below.empty()) require("claude_gauge/desk/" + std::string(below) == text);
  gauge::dial_of(below.empty() ? text : below);
  return 0;
}
