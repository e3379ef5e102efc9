#include "gauge/diag.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "gauge/contract.hpp"
#include "gauge/device_discovery.hpp"

using namespace gauge;
using nlohmann::json;

namespace {

constexpr Device kDevice{"a1b2c3d4e5f6", "1.2.3"};

// Two seconds without Wi-Fi, three without a broker, then one in which the publisher is silent.
LinkMonitor stale() {
  LinkMonitor link;
  link.poll(false, 0);
  link.poll(true, 2000);
  link.poll(true, 5000);
  link.connected(5000);
  link.publisher(true, 5000);
  link.heartbeat(0, 5000);
  link.poll(true, 5000);
  link.poll(true, 6000);
  return link;
}

}  // namespace

TEST_CASE("diag says how the device is") {
  const Vitals vitals{-61, 3600, 150'000, 90'000, 70'000, {1000, 2000, 3000, 4000}, 2, "power_on", "192.0.2.7"};
  const json diag = json::parse(diag_json(vitals, kDevice, {2, 5}, stale()).view());
  CHECK(diag == json{{"rssi", -61},
                     {"uptime", 3600},
                     {"heap", 150'000},
                     {"heap_min", 90'000},
                     {"heap_block", 70'000},
                     {"stack_needles", 1000},
                     {"stack_network", 2000},
                     {"stack_broker", 3000},
                     {"stack_usage", 4000},
                     {"brown_outs", 2},
                     {"reset_reason", "power_on"},
                     {"ip", "192.0.2.7"},
                     {"version", "1.2.3"},
                     {"reconnects", 2},
                     {"dropped", 5},
                     {"link", "stale"},
                     {"no_wifi_s", 2},
                     {"no_broker_s", 3},
                     {"publisher_offline_s", 0},
                     {"stale_s", 1},
                     {"live_s", 0}});
}

TEST_CASE("what is unknown is null, never 0 or an empty text") {
  const json diag = json::parse(diag_json({}, kDevice, {}, {}).view());
  int unknown = 0;
  for (const json& value : diag) unknown += value.is_null();
  CHECK(unknown == 11);
  for (const char* key : {"rssi", "heap", "heap_min", "heap_block", "stack_needles", "stack_network", "stack_broker",
                          "stack_usage", "brown_outs", "reset_reason", "ip"}) {
    CHECK(diag.at(key).is_null());
  }
}

TEST_CASE("the longest diag fits, and into PubSubClient's buffer with its topic") {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  const Vitals vitals{-2'147'483'647,
                      kMost,
                      kMost,
                      kMost,
                      kMost,
                      {kMost, kMost, kMost, kMost},
                      kMost,
                      "interrupt_watchdog_of_a_core",
                      "2001:0db8:0000:0000:0000:0000:0000:0001"};
  LinkMonitor link;
  Millis now = 0;
  const auto stay = [&](bool wifi) {  // a century
    for (int time = 0; time < 700; ++time) link.poll(wifi, now += 0x7fff'ffff);
  };
  stay(false);
  stay(true);
  link.connected(now);
  stay(true);
  const auto diag = diag_json(vitals, {"a1b2c3d4e5f6", "10.20.30-rc.4+0123456789abcdef"}, {kMost, kMost}, link);
  CHECK(diag.fits());
  CHECK(json::accept(diag.view()));
  CHECK(json::parse(diag.view()).at("no_wifi_s").get<double>() > 1e9);
  constexpr std::size_t kBuffer = 1024, kHeader = 5 + 2;
  CHECK(kHeader + own_topic(kDevice, kDiagTopic).view().size() + DiagJson::kCapacity <= kBuffer);
}
