#include "radio.hpp"

#include "arduino.hpp"

#include <WiFi.h>
#include <esp_random.h>

#include "identity.hpp"

namespace gauge {

void Radio::begin() {
  WiFi.persistent(false);  // the settings are kept by us alone
  if (!WiFi.setHostname(host_name())) Serial.println("wifi: no host name");
  if (!WiFi.mode(WIFI_STA)) Serial.println("wifi: the radio does not start");
  // Sleeping costs a message up to a second, and the driver's own search would throw people off the set-up network.
  if (!WiFi.setSleep(false)) Serial.println("wifi: will not stay awake");
  WiFi.setAutoReconnect(false);
  // Of several access points with one name the strongest, not the first.
  WiFi.setScanMethod(WIFI_ALL_CHANNEL_SCAN);
  WiFi.setSortMethod(WIFI_CONNECT_AP_BY_SIGNAL);
}

WifiAction Radio::poll(const Settings& settings, bool set_up, Millis now) {
  WifiInputs inputs{};
  inputs.configured = settings.wifi_ssid[0] != '\0';
  inputs.connected = connected();
  inputs.set_up = set_up;
  inputs.portal_client = portal_open() && WiFi.softAPgetStationNum() > 0;
  inputs.random = esp_random();
  inputs.renewed = renewed_;
  renewed_ = false;
  if (inputs.connected != was_connected_) {
    was_connected_ = inputs.connected;
    if (inputs.connected) {
      const IPAddress ip = WiFi.localIP();
      Serial.printf("wifi: connected, %d.%d.%d.%d\n", ip[0], ip[1], ip[2], ip[3]);
    } else {
      Serial.println("wifi: gone");
    }
  }
  const WifiAction action = machine_.poll(inputs, now);
  if (action != WifiAction::start_station) return action;
  const char* password = settings.wifi_password[0] == '\0' ? nullptr : settings.wifi_password;
  WiFi.begin(settings.wifi_ssid, password);  // how it went is seen by connected()
  return WifiAction::none;
}

void Radio::renew() {
  if (!WiFi.disconnect()) Serial.println("wifi: the old network is not left");
  renewed_ = true;
}

bool Radio::connected() const { return WiFi.status() == WL_CONNECTED; }

}  // namespace gauge
