#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace gauge_bench {

inline constexpr std::int32_t kLastStep = 944;
inline constexpr std::int32_t kNoTurn = -1;

// A needle at rest at 0 is sent to `to`; as it passes `turn_at`, in full swing, it is sent to `turn_to` instead.
struct Move {
  const char* name;
  std::int32_t to;
  std::int32_t turn_at;
  std::int32_t turn_to;
};

inline constexpr Move kMoves[] = {
    {"1 step", 1, kNoTurn, 0},
    {"10 degrees", 30, kNoTurn, 0},
    {"105 degrees", 315, kNoTurn, 0},
    {"full sweep", kLastStep, kNoTurn, 0},
    {"turned at 500 to 450", kLastStep, 500, 450},
    {"turned at 500 to 0", kLastStep, 500, 0},
    {"stopped at 500", kLastStep, 500, 500},
};

// Makes a move with anything that has go_to(step), tick() for `tick_ms`, position() and settled(). Prints the time from
// the last order to rest, and how far the needle went past its target, or past the place where it was turned.
template <class Motion>
void time_move(const Move& move, Motion&& motion, double tick_ms) {
  motion.go_to(move.to);
  if (move.turn_at != kNoTurn) {
    while (motion.position() < move.turn_at) motion.tick();
    motion.go_to(move.turn_to);
  }
  const std::int32_t limit = move.turn_at == kNoTurn ? move.to : move.turn_at;
  std::int32_t furthest = limit;
  std::int64_t ticks = 0;
  for (; !motion.settled(); ++ticks) {
    motion.tick();
    furthest = std::max(furthest, motion.position());
  }
  std::printf("{\"move\": \"%s\", \"ms\": %.1f, \"past_steps\": %d}\n", move.name, static_cast<double>(ticks) * tick_ms,
              static_cast<int>(furthest - limit));
}

}  // namespace gauge_bench
