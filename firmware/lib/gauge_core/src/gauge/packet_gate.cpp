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

// Whether a whole packet holds the topic that it announces, and the number behind it (MQTT 3.1.1, 3.3.2).
bool holds_its_topic(const std::uint8_t* packet, std::size_t size) {
  constexpr unsigned kPublish = 0x30;
  constexpr unsigned kQos = 0x06;
  if ((packet[0] & 0xf0U) != kPublish) return true;
  std::size_t at = 1;
  while (at < size && (packet[at] & 0x80U) != 0) ++at;
  ++at;
  const std::size_t number = (packet[0] & kQos) != 0 ? 2 : 0;
  if (size < at + 2 + number) return false;
  const std::size_t topic = static_cast<std::size_t>(packet[at]) << 8U | packet[at + 1];
  return topic <= size - at - 2 - number;
}

}  // namespace

std::size_t PacketGate::pass(const std::uint8_t* bytes, std::size_t size, bool full) {
  if (refused_) return 0;
  if (owed_ > 0) {
    const std::size_t piece = std::min(owed_, size);
    owed_ -= piece;
    return piece;
  }
  std::size_t whole = 0;
  std::optional<std::size_t> length;
  while ((length = length_of(bytes + whole, size - whole)) && *length <= size - whole) {
    refused_ = !holds_its_topic(bytes + whole, *length);
    if (refused_) return 0;
    whole += *length;
  }
  if (whole > 0 || !full || !length) return whole;
  owed_ = *length - size;
  return size;
}

}  // namespace gauge
