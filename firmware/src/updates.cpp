#include "updates.hpp"

#include "arduino.hpp"

#include <ArduinoOTA.h>

#include "identity.hpp"
#include "watchdog.hpp"

namespace gauge {

void Updates::poll(const Settings& settings, bool wifi) {
  if (!listening_ && wifi && settings.ota_password[0] != '\0') {
    listening_ = true;
    ArduinoOTA.setHostname(host_name());
    ArduinoOTA.setPassword(settings.ota_password);
    // It keeps this task until the image is there.
    ArduinoOTA.onProgress([](unsigned int, unsigned int) { watchdog::feed(); });
    ArduinoOTA.onError(
        [](ota_error_t error) { Serial.printf("update: failed, reason %d\n", static_cast<int>(error)); });
    ArduinoOTA.begin();
    Serial.printf("update: listening as %s.local\n", host_name());
  }
  if (listening_) ArduinoOTA.handle();
}

}  // namespace gauge
