#include "gauge/packet_gate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gauge {

namespace {

// The whole length of the packet that begins here, if its head is there (MQTT 3.1.1, 2.2.3: seven bits a byte, at most
// four of them). A head that goes on is nobody's: its reader refuses it.
std::optional<std::size_t> length_of(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::size_t kMostDigits = 4;
  std::size_t rest = 0;
  for (std::size_t digit = 0; digit < kMostDigits; ++digit) {
    const std::size_t at = 1 + digit;
    if (at >= size) return std::nullopt;
    rest |= static_cast<std::size_t>(bytes[at] & 0x7fU) << (7 * digit);
    if ((bytes[at] & 0x80U) == 0) return at + 1 + rest;
  }
  return 1 + kMostDigits + 1;
}

}  // namespace

std::size_t PacketGate::pass(const std::uint8_t* bytes, std::size_t size, bool full) {
  if (owed_ > 0) {
    const std::size_t piece = std::min(owed_, size);
    owed_ -= piece;
    return piece;
  }
  std::size_t whole = 0;
  std::optional<std::size_t> length;
  while ((length = length_of(bytes + whole, size - whole)) && *length <= size - whole) whole += *length;
  if (whole > 0 || !full || !length) return whole;
  owed_ = *length - size;
  return size;
}

}  // namespace gauge
