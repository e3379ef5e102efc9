#include "gauge/parse.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace gauge {
namespace {

constexpr std::size_t kLongest = 5;  // "86400"
constexpr std::uint32_t kLongestHeartbeatS = 86400;
constexpr std::uint32_t kAllLamps = (1U << contract::kLampNames.size()) - 1;

std::optional<std::uint32_t> parse_number(std::string_view payload, std::uint32_t least, std::uint32_t most) {
  if (payload.size() > kLongest) return std::nullopt;
  std::uint32_t number = 0;
  const char* const end = payload.data() + payload.size();
  const auto [stop, error] = std::from_chars(payload.data(), end, number);  // takes no sign and no space
  if (error != std::errc{} || stop != end || number < least || number > most) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int16_t> parse_needle(std::string_view payload) {
  if (payload == "-1") return contract::kNeedleUnknown;
  const auto number = parse_number(payload, 0, contract::kNeedleMax);
  if (!number) return std::nullopt;
  return static_cast<std::int16_t>(*number);
}

std::optional<std::uint8_t> parse_lamps(std::string_view payload) {
  const auto number = parse_number(payload, 0, kAllLamps);
  if (!number) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

std::optional<std::uint32_t> parse_heartbeat_s(std::string_view payload) {
  return parse_number(payload, 1, kLongestHeartbeatS);
}

std::optional<bool> parse_availability(std::string_view payload) {
  if (payload == contract::kOnline) return true;
  if (payload == contract::kOffline) return false;
  return std::nullopt;
}

std::string_view topic_below(std::string_view topic, std::string_view prefix, std::string_view instance) {
  for (const std::string_view level : {prefix, instance}) {
    if (topic.size() <= level.size() || topic.substr(0, level.size()) != level || topic[level.size()] != '/') return {};
    topic.remove_prefix(level.size() + 1);
  }
  return topic;
}

std::optional<contract::Dial> dial_of(std::string_view topic_below_instance) {
  for (std::size_t dial = 0; dial < contract::kNeedleTopics.size(); ++dial) {
    if (topic_below_instance == contract::kNeedleTopics[dial]) return static_cast<contract::Dial>(dial);
  }
  return std::nullopt;
}

}  // namespace gauge
