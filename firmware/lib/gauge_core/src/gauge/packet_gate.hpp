#pragma once

#include <cstddef>
#include <cstdint>

namespace gauge {

// Lets an MQTT packet pass when it is there whole. Who has begun to read one waits for the rest of it. A message whose
// topic is longer than itself does not pass: PubSubClient 2.8 moves as many bytes as stand there, beyond its buffer.
class PacketGate {
 public:
  // How many of the bytes that came may be read now; the next call is for those after them. `full`: no more can be
  // kept, and a packet that is longer passes in pieces.
  std::size_t pass(const std::uint8_t* bytes, std::size_t size, bool full);
  // Such a message came. Nothing passes any more: who sends that is no broker.
  bool refused() const { return refused_; }
  void reset() {
    owed_ = 0;
    refused_ = false;
  }

 private:
  std::size_t owed_ = 0;  // of a packet that passes in pieces
  bool refused_ = false;
};

}  // namespace gauge
