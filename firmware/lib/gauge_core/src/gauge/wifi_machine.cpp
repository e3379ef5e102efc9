#include "gauge/wifi_machine.hpp"

namespace gauge {

namespace {

// A try that has no address by then is over: four times what a slow router needs.
constexpr Millis kTryMs = 20'000;
// The portal of a configured device closes when nobody was on it for this long,
constexpr Millis kPortalAloneMs = 5 * 60'000;
// and after this long in any case: a phone that holds on to it must not keep the device from its network.
constexpr Millis kPortalMostMs = 15 * 60'000;

}  // namespace

WifiAction WifiMachine::poll(const WifiInputs& inputs, Millis now) {
  if (inputs.renewed) {
    renewed_ = true;
    station_ = Station::idle;
    backoff_.reset();
  }
  const WifiAction action = portal(inputs, now);
  return action == WifiAction::none ? station(inputs, now) : action;
}

WifiAction WifiMachine::portal(const WifiInputs& inputs, Millis now) {
  if (!portal_) {
    if (inputs.configured && !inputs.set_up) return WifiAction::none;
    portal_ = true;
    opened_at_ = seen_at_ = now;
    return WifiAction::open_portal;
  }
  if (inputs.portal_client) seen_at_ = now;
  const bool over = since(seen_at_, now) >= kPortalAloneMs || since(opened_at_, now) >= kPortalMostMs;
  if (!inputs.configured || !(over || inputs.set_up)) return WifiAction::none;
  portal_ = false;
  return WifiAction::close_portal;
}

WifiAction WifiMachine::station(const WifiInputs& inputs, Millis now) {
  if (!inputs.configured) return WifiAction::none;
  if (inputs.connected && !renewed_) {
    backoff_.reset();
    station_ = Station::up;
    return WifiAction::none;
  }
  switch (station_) {
    case Station::idle:
      break;
    case Station::up:
      return pause(inputs, now);
    case Station::trying:
      if (since(tried_at_, now) < kTryMs) return WifiAction::none;
      return pause(inputs, now);
    case Station::waiting:
      if (!reached(retry_at_, now)) return WifiAction::none;
      break;
  }
  // A search hops over the channels and throws whoever is on the portal off it.
  if (portal_ && inputs.portal_client && !renewed_) return WifiAction::none;
  renewed_ = false;
  station_ = Station::trying;
  tried_at_ = now;
  return WifiAction::start_station;
}

WifiAction WifiMachine::pause(const WifiInputs& inputs, Millis now) {
  station_ = Station::waiting;
  retry_at_ = now + backoff_.next(inputs.random);
  return WifiAction::none;
}

}  // namespace gauge
