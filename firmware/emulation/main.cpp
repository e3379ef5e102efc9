// The needle task's whole side, with the shell's own coil driver and pin table, on an emulated ESP32 and on the host:
// both print the same, or the test says where they part.
//
// First each message of the shared vectors, as it comes from the broker; then the needles are looked for, and a walk by
// chance over everything that a display may be told. `messages.inc` is made by the test: kMessages, kWalkMs and
// kFromPowerOn.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "board.hpp"
#include "coils.hpp"
#include "gauge/cluster.hpp"
#include "gauge/contract.hpp"
#include "gauge/diag.hpp"
#include "gauge/lamps.hpp"
#include "gauge/link.hpp"
#include "gauge/parse.hpp"

namespace {

using namespace gauge;
using board::account;
using board::say;
using contract::Dial;

struct Message {
  const char* topic;  // below the instance; nullptr: the end of a vector
  const char* payload;
};
#include "messages.inc"

Targets targets;
Kept kept;

class Desk {
 public:
  Desk() : cluster_({&left_, &centre_, &right_}, targets, kept) {}

  void start(const ClusterStart& how) { cluster_.start(how, board::clock_ms); }

  void tick(const ClusterInputs& inputs, Millis ms = 1) {
    board::clock_ms += ms;
    cluster_.tick(inputs, board::clock_ms);
#ifdef GAUGE_DRIVER_STEP_DIR
    if (cluster_.moving()) {
      for (int slot = 0; slot < StepPacer::kSlotsPerMs; ++slot) {
        left_.slot();
        centre_.slot();
        right_.slot();
      }
    }
#endif
    if (board::clock_ms - seen_ms_ < kLookMs) return;
    seen_ms_ = board::clock_ms;
    for (const std::uint8_t level : cluster_.lamps()) account.add(level);
    for (const Dial dial : kDials) account.add(static_cast<std::uint32_t>(milli_degrees(dial)));
  }

  void report(const char* what) const {
    say(what);
    for (const Dial dial : kDials) {
      say(" ");
      say(milli_degrees(dial));
    }
    say(" lamps");
    for (const std::uint8_t level : cluster_.lamps()) {
      say(" ");
      say(level);
    }
    say(" writes ");
    say(static_cast<std::int32_t>(account.writes));
    say(" hash ");
    say(static_cast<std::int32_t>(account.hash));
    say("\n");
  }

 private:
  static constexpr std::uint32_t kLookMs =
      10;  // at lamps and angles, which change every 20 ms; pins are seen each time
  static constexpr Dial kDials[] = {Dial::fuel_5h, Dial::tach, Dial::fuel_7d};

  std::int32_t milli_degrees(Dial dial) const {
    const auto angle = cluster_.angle_deg(dial);
    return angle ? static_cast<std::int32_t>(*angle * 1000) : -1;
  }

  Coils left_{Dial::fuel_5h, 0}, centre_{Dial::tach, 0}, right_{Dial::fuel_7d, 0};
  Cluster cluster_;
  std::uint32_t seen_ms_ = 0;
};

void hear(const Message& message) {
  if (const auto dial = dial_of(message.topic)) {
    if (const auto needle = parse_needle(message.payload)) targets.needles[static_cast<std::size_t>(*dial)] = *needle;
  } else if (message.topic == std::string_view(contract::kLampsTopic)) {
    if (const auto lamps = parse_lamps(message.payload)) targets.lamps = *lamps;
  }
}

// Where the needles of each vector have to stand, and which lamps are lit.
void vectors(std::int32_t steps_per_degree) {
  const Scale scale(steps_per_degree, Trim{});
  for (const Message& message : kMessages) {
    if (message.topic != nullptr) {
      hear(message);
      continue;
    }
    say(message.payload);
    for (const auto& needle : targets.needles) {
      say(" ");
      say(static_cast<std::int32_t>(scale.degrees(scale.step(needle)) * 1000));
    }
    say(" mask ");
    say(targets.lamps);
    say("\n");
  }
}

std::uint32_t chance() {
  static std::uint32_t state = 2463534242U;  // xorshift32
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

void surprise(ClusterInputs& inputs) {
  const std::uint32_t dice = chance();
  const std::size_t dial = dice / 64 % 3;
  switch (dice % 16) {
    case 0:
      targets.fresh = !targets.fresh;
      targets.link = kLinks[(dice >> 8) % kLinks.size()];
      targets.safe_mode = (dice >> 16 & 7) == 0;
      break;
    case 1:
      targets.lamps = static_cast<std::uint8_t>(dice >> 8 & 127);
      break;
    case 2:
      targets.brightness = static_cast<std::uint8_t>(dice >> 8);
      break;
    case 3:
      targets.portal = (dice >> 8 & 7) == 0;
      break;
    case 4:
      targets.trims[dial] =
          Trim{static_cast<std::int16_t>(dice >> 8 & 31), static_cast<std::int16_t>(-(dice >> 16 & 31))};
      break;
    case 5:
      inputs.button = !inputs.button;
      break;
    case 6:
      inputs.ambient = static_cast<std::int16_t>(static_cast<std::int32_t>(dice >> 8 & 4095) - 1);
      break;
    case 7:
      if ((dice >> 8 & 31) == 0) targets.orders.raise(static_cast<Order>(dice >> 16 & 3 ? 0 : 2));
      break;
    default:
      targets.needles[dial] = static_cast<std::int16_t>(static_cast<std::int32_t>((dice >> 8) % 1002) - 1);
  }
}

void walk(Desk& desk) {
  ClusterInputs inputs;
  for (std::uint32_t ms = 0; ms < kWalkMs; ++ms) {
    if (ms % 32 == 0) surprise(inputs);
    desk.tick(inputs, chance() % 512 == 0 ? 37 : 1);  // sometimes late, as by a write to the flash
    if (ms % 100 == 99) desk.report("walk");
  }
}

// What STALL counts in each state, from the moment on in which it is lost.
void lost() {
  for (const Link link : kLinks) {
    Lamps lamps;
    LampInputs inputs{};
    inputs.blinks = blinks(link);
    inputs.brightness = 255;
    std::int32_t lit = 0;
    std::uint8_t before = 0;
    for (Millis now = 0; now < 4096; now += 20) {
      const std::uint8_t level = lamps.tick(inputs, now)[static_cast<std::size_t>(contract::Lamp::stall)];
      lit += level > before;
      before = level;
    }
    say("lost ");
    say(name(link));
    say(" ");
    say(lit);
    say("\n");
  }
}

// With what this board has: a clock. All else is unknown.
void diagnose() {
  LinkMonitor link;
  Millis now = 0xffff'f000;  // across the wrap of the clock
  link.poll(false, now);
  link.poll(true, now += 61'500);
  link.poll(true, now += 1'000'000);
  link.connected(now);
  link.publisher(true, now);
  link.poll(true, now);
  link.poll(true, now += 45'000);
  Vitals vitals;
  vitals.uptime_s = board::clock_ms / 1000;
  say("diag ");
  say(diag_json(vitals, {"a1b2c3d4e5f6", "emulation"}, {1, 4'000'000'000}, link).c_str());
  say("\n");
}

}  // namespace

int main() {
  say("char ");
  say(static_cast<std::int32_t>(static_cast<char>(-1)));
  say(" long ");
  say(static_cast<std::int32_t>(sizeof(long)));
  say("\n");
  vectors(Coils(Dial::tach, 0).steps_per_degree());
  kept = kFromPowerOn ? Kept{} : keep({40, 18, 60});
  targets.fresh = true;
  Desk desk;
  desk.start({true, false, false});
  walk(desk);
  lost();
  diagnose();
  say("not driven ");
  say(static_cast<std::int32_t>(account.not_driven));
  say("\nDONE\n");
  return 0;
}
