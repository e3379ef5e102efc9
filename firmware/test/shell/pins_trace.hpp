#pragma once

#include <cstdint>
#include <vector>

namespace shell {

struct PinWrite {
  std::uint64_t at_us;
  std::uint8_t pin;
  std::uint8_t level;
};

inline std::vector<PinWrite>& pin_writes() {
  static std::vector<PinWrite> writes;
  return writes;
}

}  // namespace shell
