// In the shape of ArduinoOTA.h: arduino-esp32 2.0.14.
#pragma once

#include <Arduino.h>

#include <functional>

enum ota_error_t { OTA_AUTH_ERROR, OTA_BEGIN_ERROR, OTA_CONNECT_ERROR, OTA_RECEIVE_ERROR, OTA_END_ERROR };

class ArduinoOTAClass {
 public:
  using THandlerFunction = std::function<void(void)>;
  using THandlerFunction_Error = std::function<void(ota_error_t)>;
  using THandlerFunction_Progress = std::function<void(unsigned int, unsigned int)>;
  ArduinoOTAClass& setHostname(const char* name);
  ArduinoOTAClass& setPassword(const char* password);
  ArduinoOTAClass& onStart(THandlerFunction handler);
  ArduinoOTAClass& onError(THandlerFunction_Error handler);
  ArduinoOTAClass& onProgress(THandlerFunction_Progress handler);
  void begin();
  void handle();
};
extern ArduinoOTAClass ArduinoOTA;
