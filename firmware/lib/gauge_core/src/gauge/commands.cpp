#include "gauge/commands.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "gauge/scale.hpp"

namespace gauge {

namespace {

std::optional<std::int16_t> number(std::string_view payload, std::int16_t least, std::int16_t most) {
  std::int16_t value = 0;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), value);
  if (error != std::errc{} || end != payload.data() + payload.size() || value < least || value > most) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<std::size_t> command_topic(std::string_view below_cmd) {
  for (std::size_t at = 0; at < kCommandTopics.size(); ++at) {
    if (below_cmd == kCommandTopics[at].below) return at;
  }
  return std::nullopt;
}

std::optional<std::int16_t> command_value(CommandKind kind, std::string_view payload) {
  switch (kind) {
    case CommandKind::restart:
    case CommandKind::identify:
    case CommandKind::self_test:
    case CommandKind::home:
      if (payload != kPress) return std::nullopt;
      return 0;
    case CommandKind::light:
    case CommandKind::quiet_boot:
      if (payload != kOn && payload != kOff) return std::nullopt;
      return payload == kOn;
    case CommandKind::brightness:
      return number(payload, 0, 255);
    case CommandKind::trim_zero:
    case CommandKind::trim_full:
      return number(payload, -kTrimMax, kTrimMax);
  }
  return std::nullopt;
}

}  // namespace gauge
