// Whatever a needle is told and however late it is ticked, it stays between its stops, never bunches steps, knows where
// it is and comes to rest where it should.

#include "gauge/needle.hpp"

#include <cstddef>
#include <cstdint>

#include "../test/motor.hpp"
#include "gauge/scale.hpp"
#include "require.hpp"

namespace {

constexpr int kPatienceMs = 10'000;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  std::uint8_t next() {
    if (empty()) return 0;
    --size_;
    return *data_++;
  }
  std::int16_t next_16() {
    const unsigned high = next();
    return static_cast<std::int16_t>(high << 8 | next());
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

struct Bench {
  explicit Bench(std::uint8_t how)
      : motor(how % 2 == 0 ? 3 : 12, 100),
        needle(motor, how % 4 < 2 ? gauge::contract::Dial::tach : gauge::contract::Dial::fuel_5h) {
    if (how % 8 < 4) needle.home();
    if (how % 8 >= 4) restore();
  }

  void restore() {
    motor.phase = motor.place % (2 * motor.steps_per_degree());
    needle.restore(motor.place);
  }

  void tick(gauge::Millis dt) {
    const bool known = needle.step().has_value();
    const std::int32_t before = motor.steps;
    motor.hit_a_stop = false;
    needle.tick(dt);
    require(motor.steps - before <= motor.steps_per_degree() / 3);
    if (!known || !needle.step()) return;
    require(!motor.hit_a_stop);
    require(needle.step() == motor.place);
    require(motor.phase == motor.place % (2 * motor.steps_per_degree()));
  }

  gauge_test::Motor motor;
  gauge::Needle needle;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  Bench bench(bytes.next());
  gauge::Trim trim{};
  std::int16_t value = gauge::contract::kNeedleUnknown;
  while (!bytes.empty()) {
    switch (const std::uint8_t order = bytes.next(); order % 8) {
      case 0:
        bench.needle.home();
        break;
      case 1:
        bench.needle.self_test();
        break;
      case 2:
        trim = {bytes.next_16(), bytes.next_16()};
        bench.needle.set_trim(trim);
        break;
      case 3:
      case 4:
        value = bytes.next_16();
        if (order % 16 < 8) value = static_cast<std::int16_t>(value % 1001);
        bench.needle.set_target(value);
        break;
      case 5:
        bench.tick(bytes.next());
        break;
      default:
        for (int ms = bytes.next(); ms > 0; --ms) bench.tick(1);
    }
  }
  int ms = 0;
  for (; bench.needle.moving(); ++ms) {
    require(ms < kPatienceMs);
    bench.tick(1);
  }
  const std::int32_t off = bench.motor.place - gauge::Scale(bench.motor.steps_per_degree(), trim).step(value);
  require(off >= -bench.motor.steps_per_degree() / 3 && off <= bench.motor.steps_per_degree() / 3);
  return 0;
}
