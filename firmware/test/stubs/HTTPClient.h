// In the shape of HTTPClient.h: arduino-esp32 2.0.14; core 3 takes a NetworkClient.
#pragma once

#include <WiFi.h>

#include <cstdint>

#define HTTP_CODE_OK 200

class HTTPClient {
 public:
  bool begin(WiFiClient& client, String url);
  void end();
  void setReuse(bool reuse);
  void setTimeout(std::uint16_t ms);
  int GET();
  int getSize();
};
