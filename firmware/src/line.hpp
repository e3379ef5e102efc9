#pragma once

#include "arduino.hpp"

#include <WiFi.h>

#include <cstddef>
#include <cstdint>

#include "gauge/time.hpp"
#include "wire.hpp"

namespace gauge {

// A TCP connection on which the libraries above may not wait for ever: when the time it was allowed is over it hangs
// up, and each further call fails at once. They wait by the byte, and a peer that sends one now and then would hold
// them. All its writes together wait blocking::kWriteMs at most for room, counted anew by each allow().
class Line : public WiFiClient {
 public:
  void allow(Millis ms) {
    begun_ = millis();
    allowed_ = ms;
    empty_ = 0;
    without_room_ = 0;
  }
  bool has_room() { return wire::has_room(fd()); }  // for 2 kB

  int available() override;
  int read() override;
  int read(std::uint8_t* buffer, std::size_t size) override;
  using WiFiClient::write;
  std::size_t write(const std::uint8_t* buffer, std::size_t size) override;

 protected:
  bool in_time();
  void found_nothing();

 private:
  Millis begun_ = 0;
  Millis allowed_ = 0;
  int empty_ = 0;            // looks that found nothing
  Millis without_room_ = 0;  // time in which writes waited
};

}  // namespace gauge
