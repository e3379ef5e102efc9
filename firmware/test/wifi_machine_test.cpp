#include "gauge/wifi_machine.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using namespace gauge;

namespace {

// Close to the wrap of the clock, so that the longer tests cross it.
constexpr Millis kStart = std::numeric_limits<Millis>::max() - 70'000;

const char* word(WifiAction action) {
  switch (action) {
    case WifiAction::none:
      return "none";
    case WifiAction::start_station:
      return "station";
    case WifiAction::open_portal:
      return "open";
    case WifiAction::close_portal:
      return "close";
  }
  return "?";
}

class Device {
 public:
  explicit Device(bool configured) { inputs.configured = configured; }

  // Lets `s` seconds pass, ten polls each. What was done, with the second it was done in: "0 station, 21 station".
  std::string run(Millis s) {
    std::string done;
    const Millis begin = now_;
    for (; since(begin, now_) < s * 1000; now_ += 100) {
      inputs.random += 0x9e3779b9;
      const WifiAction action = machine.poll(inputs, now_);
      inputs.set_up = false;
      if (action == WifiAction::none) continue;
      done += (done.empty() ? "" : ", ") + std::to_string(since(begin, now_) / 1000) + " " + word(action);
    }
    return done;
  }

  WifiMachine machine;
  WifiInputs inputs{};

 private:
  Millis now_ = kStart;
};

int count(const std::string& text, const std::string& what) {
  int found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

constexpr Millis kMinute = 60;

}  // namespace

TEST_CASE("a device without a network opens its portal and leaves it open") {
  Device device(false);
  CHECK(device.run(60 * kMinute) == "0 open");
  CHECK(device.machine.portal_open());
  device.inputs.set_up = true;
  CHECK(device.run(1).empty());
}

TEST_CASE("a configured device connects and stays quiet") {
  Device device(true);
  CHECK(device.run(1) == "0 station");
  device.inputs.connected = true;
  CHECK(device.run(60 * kMinute).empty());
}

TEST_CASE("a configured device whose router is slow to boot tries for ever and never opens the portal") {
  Device device(true);
  const std::string done = device.run(24 * 60 * kMinute);
  CHECK(count(done, "open") == 0);
  // 20 s for a try, then a pause of at most 60 s and a fifth.
  CHECK(count(done, "station") >= 24 * 3600 / 92);
  CHECK(count(done, "station") <= 24 * 3600 / 60);
}

TEST_CASE("the first pauses are short: a router that is back after a minute is met within seconds") {
  Device device(true);
  CHECK(count(device.run(70), "station") >= 3);
}

TEST_CASE("a lost network is tried again within seconds, after days as well") {
  Device device(true);
  device.run(120);
  device.inputs.connected = true;
  device.run(3 * 24 * 60 * kMinute);
  device.inputs.connected = false;
  CHECK(count(device.run(3), "station") == 1);
}

TEST_CASE("a station that comes back by itself is not disturbed") {
  Device device(true);
  device.run(1);
  device.inputs.connected = true;
  device.run(1);
  device.inputs.connected = false;
  CHECK(device.run(1).empty());
  device.inputs.connected = true;
  CHECK(device.run(5 * kMinute).empty());
}

TEST_CASE("the button opens the portal, beside a station that stays connected, and closes it again") {
  Device device(true);
  device.run(1);
  device.inputs.connected = true;
  device.inputs.set_up = true;
  CHECK(device.run(60) == "0 open");
  CHECK(device.machine.portal_open());
  device.inputs.set_up = true;
  CHECK(device.run(60) == "0 close");
  CHECK_FALSE(device.machine.portal_open());
}

TEST_CASE("the portal of a configured device closes after 5 min without anybody") {
  Device device(true);
  device.inputs.connected = true;
  device.run(1);
  device.inputs.set_up = true;
  CHECK(device.run(6 * kMinute) == "0 open, 300 close");
}

TEST_CASE("somebody on the portal keeps it open, and 5 min begin when they leave") {
  Device device(true);
  device.inputs.connected = true;
  device.run(1);
  device.inputs.set_up = true;
  device.inputs.portal_client = true;
  CHECK(device.run(4 * kMinute) == "0 open");
  device.inputs.portal_client = false;
  CHECK(device.run(6 * kMinute) == "299 close");
}

TEST_CASE("a phone that holds on to the portal loses it after 15 min, and the network is tried again") {
  Device device(true);
  device.run(1);
  device.inputs.set_up = true;
  device.inputs.portal_client = true;
  CHECK(device.run(15 * kMinute) == "0 open");
  const std::string done = device.run(5);
  CHECK(count(done, "0 close") == 1);
  CHECK(count(done, "station") == 1);
}

TEST_CASE("while nobody is on the portal the network is still tried") {
  Device device(true);
  device.run(1);
  device.inputs.set_up = true;
  CHECK(count(device.run(4 * kMinute), "station") >= 3);
}

TEST_CASE("a device that was just given its network tries it when the phone has left") {
  Device device(false);
  device.run(10);
  device.inputs.portal_client = true;
  device.run(10);
  device.inputs.configured = true;
  CHECK(device.run(10).empty());
  device.inputs.portal_client = false;
  CHECK(count(device.run(2), "0 station") == 1);
}

TEST_CASE("another network is tried at once, whatever the station does") {
  WifiMachine machine;
  WifiInputs inputs{};
  inputs.configured = true;
  CHECK(machine.poll(inputs, 0) == WifiAction::start_station);
  inputs.connected = true;
  CHECK(machine.poll(inputs, 1000) == WifiAction::none);
  inputs.renewed = true;
  CHECK(machine.poll(inputs, 2000) == WifiAction::start_station);
  inputs.renewed = false;
  inputs.connected = false;
  CHECK(machine.poll(inputs, 21'999) == WifiAction::none);
  CHECK(machine.poll(inputs, 22'000) == WifiAction::none);  // pauses
  inputs.renewed = true;
  CHECK(machine.poll(inputs, 22'001) == WifiAction::start_station);
}

TEST_CASE("another network is tried even while somebody is on the set-up network") {
  WifiMachine machine;
  WifiInputs inputs{};
  CHECK(machine.poll(inputs, 0) == WifiAction::open_portal);
  inputs.configured = inputs.portal_client = true;
  CHECK(machine.poll(inputs, 1000) == WifiAction::none);
  inputs.renewed = true;
  CHECK(machine.poll(inputs, 2000) == WifiAction::start_station);
}
