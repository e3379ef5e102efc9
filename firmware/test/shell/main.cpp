// The shell itself, src/, on the host and in a time of its own: who waits for whom, and for how long.
//
//   gauge_shell SECONDS [broker_host=broker] [broker.known=0] [usage.tcp_ms=9000] ...
//
// Settings have their own names; `broker.` and `usage.` are the hosts' behaviour (peers.hpp). Prints what was measured
// as JSON. The set-up network is open all the time.

#include "arduino.hpp"

#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "blocking.hpp"
#include "gauge/settings.hpp"
#include "gauge/targets.hpp"
#include "network_task.hpp"
#include "peers.hpp"
#include "watchdog.hpp"
#include "world.hpp"

namespace {

[[noreturn]] void refuse(std::string_view why) {
  std::fprintf(stderr, "gauge_shell: what is %s?\n", std::string(why).c_str());
  std::exit(2);
}

std::uint32_t number(std::string_view text) {
  std::uint32_t read = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), read).ptr != text.data() + text.size()) refuse(text);
  return read;
}

bool behave(std::string_view key, std::string_view value) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return false;
  shell::Peer& peer = shell::peers()[key.substr(0, dot) == "broker" ? shell::kBrokerPort : shell::kUsagePort];
  const std::string_view what = key.substr(dot + 1);
  const std::map<std::string_view, std::uint32_t shell::Peer::*> numbers{
      {"lookup_ms", &shell::Peer::lookup_ms},         {"tcp_ms", &shell::Peer::tcp_ms},
      {"first_byte_ms", &shell::Peer::first_byte_ms}, {"byte_ms", &shell::Peer::byte_ms},
      {"write_ms", &shell::Peer::write_ms},           {"deaf_after", &shell::Peer::deaf_after}};
  if (const auto found = numbers.find(what); found != numbers.end()) {
    peer.*(found->second) = number(value);
  } else if (what == "known") {
    peer.known = number(value) != 0;
  } else if (what == "listens") {
    peer.listens = number(value) != 0;
  } else {
    return false;
  }
  return true;
}

void print(const char* name, std::uint16_t port) {
  const shell::Peer& peer = shell::peers()[port];
  std::printf("\"%s\":{\"lookups\":%u,\"calls\":%u,\"packets\":%u},", name, peer.lookups, peer.calls, peer.packets);
}

}  // namespace

int main(int argc, char** argv) {
  static gauge::Settings settings;
  static gauge::Targets targets;
  if (argc < 2) refuse("the number of seconds");
  gauge::set(settings, "wifi_ssid", "home");
  for (int at = 2; at < argc; ++at) {
    const std::string_view word = argv[at];
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) refuse(word);
    const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
    if (!behave(key, value) && gauge::set(settings, key, value) != nullptr) refuse(word);
  }
  gauge::watchdog::begin();
  targets.gestures.raise(gauge::Gesture::set_up);
  gauge::start_network_task(settings, targets, false);

  auto& world = shell::World::get();
  const std::uint64_t end_us = std::uint64_t{number(argv[1])} * 1'000'000;
  world.run_until(end_us);
  std::printf("{\"watchdog_ms\":%u,\"poll_ms\":%u,\"resolve_ms\":%u,\"broker_ms\":%u,\"usage_ms\":%u,",
              gauge::blocking::kWatchdogMs, gauge::blocking::kPollMs, gauge::blocking::kResolveMs,
              gauge::blocking::kBrokerMs, gauge::blocking::kUsageMs);
  std::printf("\"portal_ms\":%.1f,\"link\":\"%s\",", static_cast<double>(shell::longest_portal_gap_us()) / 1e3,
              gauge::name(targets.link));
  print("broker", shell::kBrokerPort);
  print("usage", shell::kUsagePort);
  std::printf("\"tasks\":{");
  const char* comma = "";
  for (const auto& task : world.tasks()) {
    std::printf("%s\"%s\":{\"free\":%.4f,\"unfed_ms\":%.1f}", comma, task->name.c_str(),
                static_cast<double>(task->free_us) / static_cast<double>(end_us),
                static_cast<double>(task->longest_unfed_us) / 1e3);
    comma = ",";
  }
  std::printf("}}\n");
  std::fflush(stdout);
  std::_Exit(0);  // tasks do not end
}
