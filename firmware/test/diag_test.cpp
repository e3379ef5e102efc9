#include "gauge/diag.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace gauge;
using nlohmann::json;

TEST_CASE("diag says how the device is") {
  const Vitals vitals{-61, 3600, 150'000, "power_on", "192.0.2.7"};
  const json diag = json::parse(diag_json(vitals, {"a1b2c3d4e5f6", "1.2.3"}, {2, 5}, Link::stale).view());
  CHECK(diag == json{{"rssi", -61},
                     {"uptime", 3600},
                     {"heap", 150'000},
                     {"reset_reason", "power_on"},
                     {"ip", "192.0.2.7"},
                     {"version", "1.2.3"},
                     {"reconnects", 2},
                     {"dropped", 5},
                     {"link", "stale"}});
}

TEST_CASE("what is unknown is null, never 0 or an empty text") {
  const json diag = json::parse(diag_json({}, {"a1b2c3d4e5f6", "1.2.3"}, {}, Link::live).view());
  for (const char* key : {"rssi", "heap", "reset_reason", "ip"}) CHECK(diag.at(key).is_null());
}

TEST_CASE("the longest diag fits") {
  const Vitals vitals{-2'147'483'647, 4'294'967'295, 4'294'967'295, "interrupt_watchdog_of_a_core",
                      "2001:0db8:0000:0000:0000:0000:0000:0001"};
  const auto diag = diag_json(vitals, {"a1b2c3d4e5f6", "10.20.30-rc.4+0123456789abcdef"},
                              {4'294'967'295, 4'294'967'295}, Link::publisher_offline);
  CHECK(diag.fits());
  CHECK(json::accept(diag.view()));
}
