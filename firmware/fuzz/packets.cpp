// Whatever a broker sends, in whatever pieces: what passes was sent, in its order, and no message passes that
// PubSubClient 2.8 would take to be longer than it is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gauge/packet_gate.hpp"
#include "require.hpp"

namespace {

constexpr std::size_t kKept = 1536;  // as in src/packet_line.hpp

// How long PubSubClient takes the packet that begins here to be. Of a head that goes on: all there is, since it hangs
// up.
std::size_t length_of(const std::uint8_t* bytes, std::size_t size, std::size_t& head) {
  std::size_t body = 0;
  for (head = 1; head < 5; ++head) {
    if (head >= size) return size;
    body |= static_cast<std::size_t>(bytes[head] & 0x7fU) << 7 * (head - 1);
    if ((bytes[head] & 0x80U) == 0) return ++head + body;
  }
  return size;
}

void require_its_topic(const std::uint8_t* packet, std::size_t size, std::size_t head) {
  if ((packet[0] & 0xf0U) != 0x30) return;
  require(head + 2 <= size);
  const std::size_t topic = static_cast<std::size_t>(packet[head]) << 8U | packet[head + 1];
  require(head + 2 + topic <= size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::size_t piece = size == 0 ? 1 : data[0] % 97 + 1U;
  gauge::PacketGate gate;
  std::vector<std::uint8_t> inbox;
  std::size_t owed = 0;  // of a packet that passes in pieces
  for (std::size_t at = std::min<std::size_t>(size, 1); at < size; at += piece) {
    const std::size_t end = std::min(size, at + piece);
    const std::size_t fits = std::min(end - at, kKept - inbox.size());
    inbox.insert(inbox.end(), data + at, data + at + fits);
    const std::size_t passed = gate.pass(inbox.data(), inbox.size(), inbox.size() == kKept);
    require(passed <= inbox.size() && (passed == 0 || !gate.refused()));
    std::size_t read = std::min(owed, passed);
    owed -= read;
    while (read < passed) {
      std::size_t head = 0;
      const std::size_t length = length_of(inbox.data() + read, passed - read, head);
      if (read + length > passed) {  // one that is too long, in pieces: its reader leaves it out
        owed = read + length - passed;
        break;
      }
      require_its_topic(inbox.data() + read, length, head);
      read += length;
    }
    if (gate.refused()) return 0;
    inbox.erase(inbox.begin(), inbox.begin() + static_cast<std::ptrdiff_t>(passed));
  }
  return 0;
}
