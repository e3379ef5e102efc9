#pragma once

#include <cstdint>

#include "gauge/backoff.hpp"
#include "gauge/time.hpp"

namespace gauge {

struct WifiInputs {
  bool configured;     // a network's name is stored
  bool connected;      // the station has an address
  bool set_up;         // the button asks for set-up (3 s); true in one poll
  bool portal_client;  // somebody is on the set-up network
  std::uint32_t random;
  bool renewed = false;  // the stored name or password is another than before; true in one poll
};

// What the shell has to do now, once. The station may run beside the portal (AP+STA). `start_station` begins a fresh
// try with the stored name and password, whatever the station did before.
enum class WifiAction : std::uint8_t { none, start_station, open_portal, close_portal };

// When the station tries and when the set-up network is open. The portal opens by itself only on a device that knows no
// network; any other one tries its network for ever, however slowly the router boots. The button opens and closes it.
class WifiMachine {
 public:
  WifiAction poll(const WifiInputs& inputs, Millis now);
  bool portal_open() const { return portal_; }

 private:
  enum class Station : std::uint8_t { idle, trying, up, waiting };

  WifiAction portal(const WifiInputs& inputs, Millis now);
  WifiAction station(const WifiInputs& inputs, Millis now);
  WifiAction pause(const WifiInputs& inputs, Millis now);

  Backoff backoff_{60'000};
  bool portal_ = false;
  bool renewed_ = false;  // the next try is with what is stored now, and is not waited for
  Station station_ = Station::idle;
  Millis opened_at_ = 0;
  Millis seen_at_ = 0;
  Millis tried_at_ = 0;
  Millis retry_at_ = 0;
};

}  // namespace gauge
