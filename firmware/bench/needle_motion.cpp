// How long a needle moves, how far it overshoots, and what a tick of its planner costs, as JSON lines.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <ratio>

#include "gauge/planner.hpp"
#include "moves.hpp"

namespace {

constexpr gauge::MotionLimits kLimits{900, 9000};  // needle.cpp's 300 deg/s and 3000 deg/s^2, in steps of a third
constexpr int kTicks = 5'000'000;

class Ours {
 public:
  void go_to(std::int32_t step) { planner_.go_to(step); }
  void tick() { planner_.tick(1); }
  std::int32_t position() const { return planner_.position(); }
  bool settled() const { return planner_.settled(); }

 private:
  gauge::Planner planner_{kLimits, gauge_bench::kLastStep};
};

double tick_ns() {
  std::mt19937 random(1);
  gauge::Planner planner(kLimits, gauge_bench::kLastStep);
  std::int64_t steps = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int tick = 0; tick < kTicks; ++tick) {
    if (tick % 500 == 0) planner.go_to(static_cast<std::int32_t>(random() % (gauge_bench::kLastStep + 1)));
    steps += planner.tick(1);
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  if (steps != planner.position()) std::abort();  // and so none of it can be left out
  return took.count() / kTicks;
}

}  // namespace

int main() {
  for (const auto& move : gauge_bench::kMoves) gauge_bench::time_move(move, Ours(), 1);
  std::printf("{\"tick_ns\": %.1f}\n", tick_ns());
}
