#include "gauge/packet_gate.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

using gauge::PacketGate;
using Bytes = std::vector<std::uint8_t>;

namespace {

// A packet whose body has so many bytes; by default one whose body means nothing here.
Bytes packet(std::size_t body, std::uint8_t head = 0x90) {
  Bytes made{head};
  std::size_t left = body;
  do {
    made.push_back(static_cast<std::uint8_t>((left & 0x7fU) | (left > 0x7f ? 0x80U : 0U)));
    left >>= 7;
  } while (left > 0);
  made.resize(made.size() + body, 0xff);  // as much as possible like a head
  return made;
}

std::size_t pass(PacketGate& gate, const Bytes& bytes, bool full = false) {
  return gate.pass(bytes.data(), bytes.size(), full);
}

}  // namespace

TEST_CASE("no byte of a packet passes before its last one is there") {
  for (const std::size_t body : {0, 1, 2, 127, 128, 300}) {
    PacketGate gate;
    const Bytes whole = packet(body);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(gate.pass(whole.data(), size, false) == 0);
    }
    CHECK(pass(gate, whole) == whole.size());
  }
}

TEST_CASE("several pass together, and a part of the next one stays") {
  PacketGate gate;
  Bytes bytes = packet(5);
  const Bytes second = packet(200);
  bytes.insert(bytes.end(), second.begin(), second.end());
  const std::size_t two = bytes.size();
  CHECK(pass(gate, bytes) == two);
  bytes.insert(bytes.end(), {0x30, 0x05, 0x00});
  CHECK(pass(gate, bytes) == two);
}

TEST_CASE("one that is longer than what can be kept passes in pieces, and the next one whole again") {
  PacketGate gate;
  const Bytes whole = packet(5000);
  constexpr std::size_t kKept = 1536;
  CHECK(gate.pass(whole.data(), kKept, false) == 0);
  CHECK(gate.pass(whole.data(), kKept, true) == kKept);
  CHECK(gate.pass(whole.data() + kKept, 1000, false) == 1000);
  const std::size_t left = whole.size() - kKept - 1000;
  Bytes rest(whole.end() - static_cast<std::ptrdiff_t>(left), whole.end());
  rest.push_back(0x30);  // the next one begins
  CHECK(pass(gate, rest) == left);
  CHECK(pass(gate, {0x30, 0x05, 0x00}) == 0);
  CHECK(pass(gate, packet(5)) == packet(5).size());
}

TEST_CASE("a new connection owes nothing") {
  PacketGate gate;
  const Bytes whole = packet(5000);
  CHECK(gate.pass(whole.data(), 1000, true) == 1000);
  gate.reset();
  CHECK(pass(gate, {0x30, 0x05, 0x00}) == 0);
}

TEST_CASE("a length that never ends is shown to its reader, who hangs up") {
  PacketGate gate;
  CHECK(pass(gate, {0x90, 0xff, 0xff, 0xff, 0xff}) == 0);
  CHECK(pass(gate, {0x90, 0xff, 0xff, 0xff, 0xff, 0xff}) == 6);
}

TEST_CASE("a message that does not hold its own topic never reaches its reader, nor what comes after it") {
  struct Case {
    Bytes packet;
    bool holds;
  };
  const Case cases[] = {
      {{0x30, 0x04, 0x00, 0x02, 'a', 'b'}, true},              // a topic, and no payload
      {{0x30, 0x04, 0x00, 0x03, 'a', 'b'}, false},             // one byte too long
      {{0x30, 0x04, 0xff, 0xff, 'a', 'b'}, false},             // 64 kB
      {{0x31, 0x01, 0x00}, false},                             // not even a length
      {{0x30, 0x00}, false},                                   //
      {{0x32, 0x06, 0x00, 0x02, 'a', 'b', 0x00, 0x01}, true},  // QoS 1 with its number
      {{0x32, 0x05, 0x00, 0x02, 'a', 'b', 0x00}, false},       // and without
      {{0x32, 0x03, 0x00, 0x00, 0x00}, false},                 //
      {{0x90, 0x03, 0xff, 0xff, 0x01}, true},                  // no message
      {{0x30, 0xff, 0xff, 0xff, 0xff, 0xff}, false},           // a length that never ends
  };
  for (const Case& each : cases) {
    PacketGate gate;
    CHECK(pass(gate, each.packet) == (each.holds ? each.packet.size() : 0));
    CHECK(gate.refused() != each.holds);
    CHECK((pass(gate, {0xd0, 0x00}) == 2) == each.holds);
    gate.reset();
    CHECK(pass(gate, {0xd0, 0x00}) == 2);
  }
  PacketGate gate;
  Bytes bytes = packet(5);
  bytes.insert(bytes.end(), cases[1].packet.begin(), cases[1].packet.end());
  CHECK(pass(gate, bytes) == 0);
  CHECK(gate.refused());
}

TEST_CASE("a long message with its topic passes, whole or in pieces") {
  Bytes message = packet(300, 0x30);
  message[3] = 0x01, message[4] = 0x28;  // 296 bytes, and two of payload
  PacketGate gate;
  CHECK(pass(gate, message) == message.size());
  message[4] = 0x2b;
  CHECK(pass(gate, message) == 0);
}
