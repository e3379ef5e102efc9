#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace shell {

// How one host out there behaves. Times in ms.
struct Peer {
  std::uint32_t lookup_ms = 20;
  bool known = true;  // its name
  std::uint32_t tcp_ms = 5;
  bool listens = true;
  std::uint32_t first_byte_ms = 5;                    // from the request to the answer
  std::uint32_t byte_ms = 0;                          // between the bytes of an answer
  std::uint32_t write_ms = 0;                         // each write waits so long for room
  std::uint32_t deaf_after = 0xffffffff;              // packets; then it reads no more, and there is no room
  std::uint32_t full_after = 0xffffffff;              // packets; then nothing is taken, though there seems to be room
  std::uint32_t lookups = 0, calls = 0, packets = 0;  // counted
};

// By port.
inline constexpr std::uint16_t kBrokerPort = 1883, kUsagePort = 8080;
inline std::map<std::uint16_t, Peer>& peers() {
  static std::map<std::uint16_t, Peer> peers;
  return peers;
}

inline std::uint64_t& longest_portal_gap_us() {
  static std::uint64_t gap = 0;
  return gap;
}

}  // namespace shell
