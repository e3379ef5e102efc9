// The same moves by the library's own motion, polled as often as it likes and each millisecond, as JSON lines.

#include <SwitecX25.h>

#include <cstdint>

#include "../moves.hpp"

namespace {

class Theirs {
 public:
  explicit Theirs(unsigned poll_us) : poll_us_(poll_us) { clock_us = 0; }
  void go_to(std::int32_t step) { motor_.setPosition(static_cast<unsigned>(step)); }
  void tick() {
    motor_.update();
    clock_us += poll_us_;
  }
  std::int32_t position() const { return static_cast<std::int32_t>(motor_.currentStep); }
  bool settled() const { return motor_.stopped; }

 private:
  SwitecX25 motor_{gauge_bench::kLastStep + 1, 1, 2, 3, 4};
  unsigned poll_us_;
};

}  // namespace

int main() {
  for (const unsigned poll_us : {10U, 1000U}) {
    for (const auto& move : gauge_bench::kMoves) gauge_bench::time_move(move, Theirs(poll_us), poll_us / 1000.0);
  }
}
