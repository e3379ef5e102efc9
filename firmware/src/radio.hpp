#pragma once

#include "gauge/settings.hpp"
#include "gauge/time.hpp"
#include "gauge/wifi_machine.hpp"

namespace gauge {

// Wi-Fi, as WifiMachine wants it: the station, and whether the set-up network is to be there.
class Radio {
 public:
  void begin();

  // `set_up`: the button asked for the set-up network. Station and machine; what is left for the portal is returned.
  WifiAction poll(const Settings& settings, bool set_up, Millis now);

  bool connected() const;

  // The settings name another network than before: leaves the old one, and tries the new one at once.
  void renew();
  bool portal_open() const { return machine_.portal_open(); }

 private:
  WifiMachine machine_;
  bool was_connected_ = false;
  bool renewed_ = false;
};

}  // namespace gauge
