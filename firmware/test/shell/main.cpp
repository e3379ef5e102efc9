// The shell itself, src/, on the host and in a time of its own: who waits for whom, and for how long.
//
//   gauge_shell SECONDS [broker_host=broker] [broker.known=0] [usage.tcp_ms=9000] ...
//
// With `needles=1` the needle task runs too, finds its stops, and follows values that change each second; with
// `needles=still` the network task does not run, and they stay at half. Settings have their own names; `broker.` and
// `usage.` are the hosts' behaviour (peers.hpp). `serial.20=73686f770a` is what comes over the serial line after 20 s,
// in hex, and `radio.busy_ms=` how long no search for networks can begin (script.hpp). `chip.reset=` is a number of
// esp_system.h: why the chip started. `chip.rtc=FILE` is the memory that a soft reset leaves alone: read at the start,
// if it is there, and written at the end. `chip.clock_ms=` is how long it has been on before.
// Prints what was measured and what is in the flash as JSON. The set-up network is open for the first 15 min.

#include "arduino.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "blocking.hpp"
#include "gauge/settings.hpp"
#include "gauge/targets.hpp"
#include "needle_task.hpp"
#include "network_task.hpp"
#include "peers.hpp"
#include "pins.hpp"
#include "pins_trace.hpp"
#include "script.hpp"
#include "settings_store.hpp"
#include "watchdog.hpp"
#include "world.hpp"

namespace {

[[noreturn]] void refuse(std::string_view why) {
  std::fprintf(stderr, "gauge_shell: what is %s?\n", std::string(why).c_str());
  std::exit(2);
}

std::uint32_t number(std::string_view text, int base = 10) {
  std::uint32_t read = 0;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, read, base).ptr != end) refuse(text);
  return read;
}

// Second -> bytes.
std::map<std::uint32_t, std::string>& serial_later() {
  static std::map<std::uint32_t, std::string> later;
  return later;
}

// What the linker gathered of RTC_NOINIT_ATTR.
extern "C" unsigned char __start_rtc_noinit[], __stop_rtc_noinit[];  // NOLINT: the linker's names

std::string& rtc_file() {
  static std::string file;
  return file;
}

void rtc(const char* mode) {
  std::FILE* const file = rtc_file().empty() ? nullptr : std::fopen(rtc_file().c_str(), mode);
  if (file == nullptr) return;
  const auto size = static_cast<std::size_t>(__stop_rtc_noinit - __start_rtc_noinit);
  const bool writes = *mode == 'w';
  const std::size_t done =
      writes ? std::fwrite(__start_rtc_noinit, 1, size, file) : std::fread(__start_rtc_noinit, 1, size, file);
  if (std::fclose(file) != 0 || done != size) refuse(rtc_file());
}

bool behave(std::string_view key, std::string_view value) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return false;
  if (key == "chip.reset") {
    shell::reset_reason() = static_cast<esp_reset_reason_t>(number(value));
    return true;
  }
  if (key == "chip.clock_ms") {
    shell::clock_ms() = number(value);
    return true;
  }
  if (key == "chip.rtc") {
    rtc_file() = value;
    rtc("rb");
    return true;
  }
  if (key == "radio.busy_ms") {
    shell::searches().busy_ms = number(value);
    return true;
  }
  if (key.substr(0, dot) == "serial") {
    std::string& bytes = serial_later()[number(key.substr(dot + 1))];
    for (std::size_t at = 0; at < value.size(); at += 2) bytes += static_cast<char>(number(value.substr(at, 2), 16));
    return true;
  }
  shell::Peer& peer = shell::peers()[key.substr(0, dot) == "broker" ? shell::kBrokerPort : shell::kUsagePort];
  const std::string_view what = key.substr(dot + 1);
  const std::map<std::string_view, std::uint32_t shell::Peer::*> numbers{
      {"lookup_ms", &shell::Peer::lookup_ms},         {"tcp_ms", &shell::Peer::tcp_ms},
      {"first_byte_ms", &shell::Peer::first_byte_ms}, {"byte_ms", &shell::Peer::byte_ms},
      {"write_ms", &shell::Peer::write_ms},           {"deaf_after", &shell::Peer::deaf_after},
      {"full_after", &shell::Peer::full_after}};
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

// What a driver chip sees on its lines: how close two steps are, how long an edge lasts, and how long a direction has
// stood before a step.
void print_steps() {
  struct Line {
    std::uint32_t steps = 0;
    std::uint64_t first_us = 0, rose_us = 0;
    std::uint64_t apart_us = UINT64_MAX, high_us = UINT64_MAX, led_us = UINT64_MAX, turned_us = 0;
  };
  std::map<std::string_view, Line> lines;
  std::map<int, std::string_view> steps, directions;
  for (const auto& pin : gauge::pins::kPins) {
    const std::string_view owner = pin.function.substr(0, pin.function.find(' '));
    if (pin.kind == gauge::pins::Kind::step) steps[pin.gpio] = owner;
    if (pin.kind == gauge::pins::Kind::dir) directions[pin.gpio] = owner;
  }
  for (const shell::PinWrite& write : shell::pin_writes()) {
    if (directions.count(write.pin) > 0) lines[directions[write.pin]].turned_us = write.at_us;
    if (steps.count(write.pin) == 0) continue;
    Line& line = lines[steps[write.pin]];
    if (write.level == LOW) {
      if (line.steps > 0) line.high_us = std::min(line.high_us, write.at_us - line.rose_us);
      continue;
    }
    if (line.steps++ > 0) {
      line.apart_us = std::min(line.apart_us, write.at_us - line.rose_us);
    } else {
      line.first_us = write.at_us;
    }
    line.led_us = std::min(line.led_us, write.at_us - line.turned_us);
    line.rose_us = write.at_us;
  }
  std::printf("\"steps\":{");
  const char* comma = "";
  for (const auto& [name, line] : lines) {
    std::printf("%s\"%s\":{\"steps\":%u,\"first_us\":%.0f,", comma, std::string(name).c_str(), line.steps,
                static_cast<double>(line.first_us));
    std::printf("\"apart_us\":%.0f,\"high_us\":%.0f,\"led_us\":%.0f}", static_cast<double>(line.apart_us),
                static_cast<double>(line.high_us), static_cast<double>(line.led_us));
    comma = ",";
  }
  std::printf("},");
}

}  // namespace

int main(int argc, char** argv) {
  static gauge::Settings settings;
  static gauge::Targets targets;
  bool needles = false, still = false;
  if (argc < 2) refuse("the number of seconds");
  gauge::set(settings, "wifi_ssid", "home");
  for (int at = 2; at < argc; ++at) {
    const std::string_view word = argv[at];
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) refuse(word);
    const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "needles") {
      needles = true;
      still = value == "still";
      continue;
    }
    if (!behave(key, value) && gauge::set(settings, key, value) != nullptr) refuse(word);
  }
  gauge::watchdog::begin();
  targets.gestures.raise(gauge::Gesture::set_up);
  if (!still) gauge::start_network_task(settings, targets, false);
  if (needles) gauge::start_needle_task(targets, {false, false});

  auto& world = shell::World::get();
  const std::uint64_t end_us = std::uint64_t{number(argv[1])} * 1'000'000;
  for (std::uint64_t at_us = 0, turn = 0; at_us <= end_us; at_us += 1'000'000, ++turn) {
    world.run_until(at_us);
    if (const auto said = serial_later().find(static_cast<std::uint32_t>(turn)); said != serial_later().end()) {
      shell::serial_in() += said->second;
    }
    if (!needles) continue;
    targets.fresh = true;
    for (auto& needle : targets.needles) needle = static_cast<std::int16_t>(still ? 500 : turn * 397 % 1001);
  }
  std::printf("{\"watchdog_ms\":%u,\"poll_ms\":%u,\"write_ms\":%u,\"resolve_ms\":%u,\"broker_ms\":%u,\"usage_ms\":%u,",
              gauge::blocking::kWatchdogMs, gauge::blocking::kPollMs, gauge::blocking::kWriteMs,
              gauge::blocking::kResolveMs, gauge::blocking::kBrokerMs, gauge::blocking::kUsageMs);
  std::printf("\"portal_ms\":%.1f,\"link\":\"%s\",", static_cast<double>(shell::longest_portal_gap_us()) / 1e3,
              gauge::name(targets.link));
  print("broker", shell::kBrokerPort);
  print("usage", shell::kUsagePort);
  std::printf("\"stranger_got\":%d,", shell::stranger_got());
  std::printf("\"searches\":{\"asked\":%u,\"begun\":%u},", shell::searches().asked, shell::searches().begun);
  gauge::Settings kept;
  gauge::settings_store::load(kept);
  std::printf("\"kept\":{\"wifi_ssid\":\"%s\",\"wifi_password\":\"%s\",\"brightness\":%d},", kept.wifi_ssid,
              kept.wifi_password, kept.brightness);
  print_steps();
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
  rtc("wb");
  std::_Exit(0);  // tasks do not end
}
