// In the shape of DNSServer.h: arduino-esp32 2.0.14 / 3.0.4.
#pragma once

#include <Arduino.h>

#include <cstdint>

class DNSServer {
 public:
  DNSServer();
  void processNextRequest();
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  bool start(std::uint16_t port, const String& domain, const IPAddress& ip);
#else
  bool start(const std::uint16_t& port, const String& domain, const IPAddress& ip);
#endif
  void stop();
};
