#include "improv_line.hpp"

#include "arduino.hpp"

#include <WiFi.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "settings_store.hpp"

namespace gauge {
void ImprovLine::poll(Improv& improv, Millis now) {
  if (radio_.connected() != was_connected_) {
    was_connected_ = !was_connected_;
    name_page();
  }
  improv.poll(was_connected_, page_.view(), now);
  if (!listing_ || search_.running()) return;
  listing_ = false;
  for (const auto& network : search_.networks()) {
    improv.found(network.name.view(), network.rssi_dbm, network.with_password);
  }
  improv.scanned();
}

// Who holds the cable may see the page, so its password is in its address.
void ImprovLine::name_page() {
  page_.clear();
  if (!was_connected_) return;
  const IPAddress ip = WiFi.localIP();
  page_.add("http://gauge:").add(settings_store::set_up_password().data()).add("@");
  for (int part = 0; part < 4; ++part) page_.add(part == 0 ? "" : ".").add_number(ip[part]);
  page_.add("/");
}

void ImprovLine::write(std::string_view packet) {
  Serial.write(reinterpret_cast<const std::uint8_t*>(packet.data()), packet.size());
}

bool ImprovLine::scan() { return listing_ = search_.begin(); }

bool ImprovLine::try_network(std::string_view name, std::string_view password) {
  Settings wanted = settings_;
  if (name.empty() || set(wanted, "wifi_ssid", name) != nullptr) return false;
  if (set(wanted, "wifi_password", password) != nullptr) return false;
  before_ = settings_;
  settings_ = wanted;
  radio_.renew();
  return true;
}

void ImprovLine::keep_network() {
  if (!settings_store::save(settings_)) Serial.println("not saved: the flash refuses");
}

// What else was set meanwhile stays. Its saving may have kept the network that was on trial.
void ImprovLine::drop_network() {
  std::memcpy(settings_.wifi_ssid, before_.wifi_ssid, sizeof settings_.wifi_ssid);
  std::memcpy(settings_.wifi_password, before_.wifi_password, sizeof settings_.wifi_password);
  radio_.renew();
  keep_network();
}

}  // namespace gauge
