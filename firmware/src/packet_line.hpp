#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gauge/packet_gate.hpp"
#include "line.hpp"

namespace gauge {

// A connection to a broker that shows what came by whole packets. PubSubClient waits 3 s for each byte of a packet that
// it has begun to read; here it finds the rest.
class PacketLine final : public Line {
 public:
  int available() override;
  int read() override;
  int read(std::uint8_t* buffer, std::size_t size) override;
  void stop() override;

 private:
  void receive();

  std::array<std::uint8_t, 1536> inbox_{};  // longer than PubSubClient's buffer; what is longer passes in pieces
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t shown_ = 0;  // bytes from `begin_` on that have passed
  PacketGate gate_;
};

}  // namespace gauge
