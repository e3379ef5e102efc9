#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "gauge/contract.hpp"
#include "gauge/link.hpp"
#include "gauge/scale.hpp"

namespace gauge {

// Flags from one task to the other. One task raises, one takes; what is raised twice before it is taken counts once.
template <class Flag>
class Flags {
 public:
  void raise(Flag flag) { bits_.fetch_or(bit(flag)); }
  bool take(Flag flag) { return (bits_.fetch_and(~bit(flag)) & bit(flag)) != 0; }

 private:
  // 32 bits: the only width the ESP32 changes in one instruction.
  static constexpr std::uint32_t bit(Flag flag) { return 1U << static_cast<std::uint32_t>(flag); }
  std::atomic<std::uint32_t> bits_{0};
};

// What the network task wants of the needle task.
enum class Order : std::uint8_t { identify, self_test, home };

// What the button meant, for the network task: a short press, 3 s (set-up), 10 s (factory reset).
enum class Gesture : std::uint8_t { press, set_up, factory_reset };

// All that the two tasks share. Written by the network task alone but for `gestures`, which the needle task raises.
struct Targets {
  std::array<std::atomic<std::int16_t>, contract::kDialNames.size()> needles{
      contract::kNeedleUnknown, contract::kNeedleUnknown, contract::kNeedleUnknown};  // 0..1000, or -1
  std::atomic<std::uint8_t> lamps{0};                                                 // bits of contract::Lamp
  std::atomic<Link> link{Link::no_wifi};
  // A demo or a tape: which of contract::kPlayedSources, from 1; 0: somebody's numbers. No lamp can say it.
  std::atomic<std::uint8_t> played{0};
  std::atomic<bool> fresh{false};             // false: park the needles, whatever they were told
  std::atomic<bool> safe_mode{false};         // after crashes: Wi-Fi, set-up and updates only
  std::atomic<bool> portal{false};            // the set-up network is open
  std::atomic<std::uint8_t> brightness{255};  // of the lamps, 0: switched off
  std::array<std::atomic<Trim>, contract::kDialNames.size()> trims{};
  Flags<Order> orders;
  Flags<Gesture> gestures;
};

}  // namespace gauge
