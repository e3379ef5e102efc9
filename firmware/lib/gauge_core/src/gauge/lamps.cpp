#include "gauge/lamps.hpp"

#include <cstddef>
#include <cstdint>

namespace gauge {

namespace {

using contract::Lamp;

constexpr std::uint8_t kFull = 255;
constexpr std::size_t kLamps = contract::kLampNames.size();
constexpr Millis kCheckEachMs = 140;
static_assert(kCheckEachMs * kLamps < kBulbCheckMs, "all lamps together come after the last one");

// A group is counted at a glance: half a second lit, a quarter dark, and a pause that is no blink's.
constexpr Millis kBlinkLitMs = 512;
constexpr Millis kBlinkMs = 768;
constexpr Millis kGroupMs = 4096;
static_assert(kGroupMs - (kMostBlinks * kBlinkMs) > 3 * (kBlinkMs - kBlinkLitMs), "the pause is longer than a gap");

// The periods are powers of two, so that the patterns run on across the wrap of the clock.
constexpr Millis kFlashMs = 512;
constexpr Millis kBreathMs = 4096;
constexpr Millis kRunMs = 128;
static_assert(((kLamps + 1) & kLamps) == 0, "the running light, with its pause, has such a period as well");

constexpr std::uint8_t blink(Millis now, Millis period) { return (now & (period - 1)) < period / 2 ? kFull : 0; }

// Up and down on a smooth curve. Never quite dark: the lamp says that somebody is there.
constexpr std::uint8_t breath(Millis now) {
  constexpr Millis kLeast = 24;
  const Millis phase = now & (kBreathMs - 1);
  const Millis way = (phase < kBreathMs / 2 ? phase : kBreathMs - phase) / 8;  // 0..256
  const Millis curve = way * way * (3 * 256 - 2 * way) / (256 * 256);          // 0..256
  return static_cast<std::uint8_t>(kLeast + curve * (kFull - kLeast) / 256);
}

LampLevels all(std::uint8_t level) {
  LampLevels levels{};
  levels.fill(level);
  return levels;
}

LampLevels only(std::size_t lamp) {
  LampLevels levels{};
  if (lamp < kLamps) levels[lamp] = kFull;
  return levels;
}

LampLevels countdown(Millis held) {
  const Millis gone = (held - kCountdownFromMs) / 1000;
  LampLevels levels{};
  for (std::size_t lamp = 0; lamp + gone < kLamps; ++lamp) levels[lamp] = kFull;
  return levels;
}

LampLevels said(std::uint8_t mask, Millis now) {
  LampLevels levels{};
  for (std::size_t lamp = 0; lamp < kLamps; ++lamp) {
    if ((mask >> lamp & 1U) == 0) continue;
    switch (static_cast<Lamp>(lamp)) {
      case Lamp::hot:
        levels[lamp] = blink(now, kFlashMs);
        break;
      case Lamp::idle:
        levels[lamp] = breath(now);
        break;
      default:
        levels[lamp] = kFull;
    }
  }
  return levels;
}

}  // namespace

void Lamps::check(Millis now) {
  show_ = Show::check;
  since_ = now;
}

void Lamps::identify(Millis now) {
  show_ = Show::identify;
  since_ = now;
}

// Every group is whole: it begins when it comes to be seen, and what is missing is asked anew for each.
LampLevels Lamps::lost(std::uint8_t blinks, Millis now) {
  if (blinks_ == 0 || since(group_at_, now) >= kGroupMs) {
    const bool goes_on = blinks_ != 0 && since(group_at_, now) < 2 * kGroupMs;
    group_at_ = goes_on ? group_at_ + kGroupMs : now;
    blinks_ = blinks;
  }
  const Millis phase = since(group_at_, now);
  LampLevels levels{};
  if (phase < blinks_ * kBlinkMs && phase % kBlinkMs < kBlinkLitMs) {
    levels[static_cast<std::size_t>(Lamp::stall)] = kFull;
  }
  return levels;
}

LampLevels Lamps::tick(const LampInputs& inputs, Millis now) {
  const Millis shown = since(since_, now);
  if (shown >= (show_ == Show::check ? kBulbCheckMs : kIdentifyMs)) show_ = Show::none;

  const bool asked = inputs.held >= kCountdownFromMs || show_ != Show::none;
  if (asked || inputs.portal || inputs.blinks == 0) blinks_ = 0;
  if (inputs.held >= kCountdownFromMs) return countdown(inputs.held);
  if (show_ == Show::identify) return all(blink(shown, kFlashMs));
  if (show_ == Show::check) return shown < kCheckEachMs * kLamps ? only(shown / kCheckEachMs) : all(kFull);

  LampLevels levels = inputs.portal        ? only(now / kRunMs % (kLamps + 1))
                      : inputs.blinks == 0 ? said(inputs.mask, now)
                                           : lost(inputs.blinks, now);
  for (std::uint8_t& level : levels) level = static_cast<std::uint8_t>(level * inputs.brightness / kFull);
  return levels;
}

}  // namespace gauge
