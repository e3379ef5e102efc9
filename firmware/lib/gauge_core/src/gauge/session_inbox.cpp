// What the session hears.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gauge/contract.hpp"
#include "gauge/parse.hpp"
#include "gauge/session.hpp"
#include "gauge/usage.hpp"

namespace gauge {

namespace {

// Home Assistant has just started, and has other devices to greet as well.
constexpr std::uint32_t kBirthDelayMs = 2'000;

// `text` without `head`, or an empty view if it does not begin with it.
std::string_view after(std::string_view text, std::string_view head) {
  return text.substr(0, head.size()) == head ? text.substr(head.size()) : std::string_view();
}

// The instance of `claude_gauge/<instance>/availability`, or an empty view.
std::string_view instance_of(std::string_view topic) {
  const std::string_view below = after(after(topic, contract::kPrefix), "/");
  const std::size_t slash = below.find('/');
  if (slash == std::string_view::npos || below.substr(slash + 1) != contract::kAvailabilityTopic) return {};
  return below.substr(0, slash);
}

}  // namespace

const char* words(Refusal refusal) {
  switch (refusal) {
    case Refusal::needle:
      return "a needle that is not 0..1000 or -1";
    case Refusal::lamps:
      return "lamps that are not a bit mask of seven";
    case Refusal::heartbeat:
      return "a heartbeat that is not a number of seconds";
    case Refusal::availability:
      return "an availability that is neither online nor offline";
    case Refusal::command:
      return "a command that is not known, or its value";
    case Refusal::early_command:
      return "a command right after the subscription, it may be a retained one";
    case Refusal::usage:
      return "a usage answer that is not the contract's";
  }
  return "";
}

void Session::on_message(std::string_view topic, std::string_view payload) {
  if (const auto command = topic_below(topic, contract::kDisplayPrefix, device_.id); !command.empty()) {
    on_command(after(command, "cmd/"), payload);
  } else if (topic == contract::kBirthTopic) {
    // A retained one, right after the subscription, tells nothing new.
    if (payload != contract::kOnline || state_ == State::early) return;
    agenda_.put(Duty::announce, now_ + host_.random() % kBirthDelayMs);
  } else if (const auto instance = instance_of(topic); !instance.empty()) {
    on_availability(instance, payload);
  } else {
    on_display(topic_below(topic, contract::kPrefix, settings_.instance), payload);
  }
}

void Session::on_display(std::string_view below, std::string_view payload) {
  if (const auto dial = dial_of(below)) {
    const auto needle = parse_needle(payload);
    if (!needle) return refuse(Refusal::needle);
    targets_.needles[static_cast<std::size_t>(*dial)] = *needle;
  } else if (below == contract::kLampsTopic) {
    const auto lamps = parse_lamps(payload);
    if (!lamps) return refuse(Refusal::lamps);
    targets_.lamps = *lamps;
  } else if (below == contract::kHeartbeatTopic) {
    const auto interval_s = parse_heartbeat_s(payload);
    if (!interval_s) return refuse(Refusal::heartbeat);
    monitor_.heartbeat(*interval_s, now_);
  } else if (below == contract::kSourceTopic) {
    note_source(payload);
  }
}

void Session::note_source(std::string_view source) {
  const std::uint8_t before = targets_.played;
  targets_.played = played(source);
  if (targets_.played != 0 && targets_.played != before) log("nobody's numbers, the publisher plays a ", source);
}

void Session::on_availability(std::string_view instance, std::string_view payload) {
  const auto online = parse_availability(payload);
  if (!online) return refuse(Refusal::availability);
  if (settings_.instance[0] == '\0' && *online && set(settings_, "instance", instance) == nullptr) {
    log("publisher: ", settings_.instance);
    agenda_.put(Duty::subscribe_publisher, now_);
    settings_changed();
  }
  if (instance == settings_.instance) monitor_.publisher(*online, now_);
}

void Session::on_command(std::string_view below, std::string_view payload) {
  if (payload.empty()) return;  // a topic that was emptied
  const auto at = command_topic(below);
  if (!at) return refuse(Refusal::command);
  if (state_ == State::early) {
    empty_ |= 1U << *at;
    return refuse(Refusal::early_command);
  }
  const auto value = command_value(kCommandTopics[*at].kind, payload);
  if (!value) return refuse(Refusal::command);
  if (kCommandTopics[*at].kind == CommandKind::restart) empty_ |= 1U << *at;
  obey(kCommandTopics[*at], *value);
}

void Session::obey(const CommandTopic& command, std::int16_t value) {
  Trim& trim = settings_.trims[static_cast<std::size_t>(command.dial)];
  switch (command.kind) {
    case CommandKind::restart:
      agenda_.put(Duty::restart, now_);
      return;
    case CommandKind::identify:
      return targets_.orders.raise(Order::identify);
    case CommandKind::self_test:
      return targets_.orders.raise(Order::self_test);
    case CommandKind::home:
      return targets_.orders.raise(Order::home);
    case CommandKind::light:
      settings_.light = value != 0;
      break;
    case CommandKind::brightness:
      settings_.light = value != 0;
      if (value != 0) settings_.brightness = static_cast<std::uint8_t>(value);
      break;
    case CommandKind::quiet_boot:
      settings_.quiet_boot = value != 0;
      break;
    case CommandKind::trim_zero:
      trim.zero = value;
      break;
    case CommandKind::trim_full:
      trim.full = value;
      break;
  }
  settings_changed();
}

void Session::on_usage(const Usage& usage, Millis now) {
  if (!wants_http_) return;
  const Text<40> updated_at(usage.updated_at);
  if (!valid(usage) || !updated_at.fits()) return refuse(Refusal::usage);
  apply(usage, targets_);
  note_source(usage.source);
  monitor_.answered(updated_at.view() != updated_at_.view(), now);
  updated_at_ = updated_at;
}

void Session::refuse(Refusal refusal) {
  ++counters_.dropped;
  const std::uint32_t bit = 1U << static_cast<unsigned>(refusal);
  if ((refused_ & bit) != 0) return;
  refused_ |= bit;
  log("refused: ", words(refusal));
}

}  // namespace gauge
