// The shared vectors: what Python says that the three needles and seven lamps show, they show.

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gauge/needle.hpp"
#include "gauge/parse.hpp"
#include "motor.hpp"

using namespace gauge;
using nlohmann::json;

namespace {

constexpr double kOneStepDeg = 1.0 / contract::kStepsPerDegree;

struct Panel {
  std::array<gauge_test::Motor, 3> motors;
  std::array<Needle, 3> needles{Needle(motors[0], contract::Dial::fuel_5h), Needle(motors[1], contract::Dial::tach),
                                Needle(motors[2], contract::Dial::fuel_7d)};
  unsigned lamps = 0;
  std::size_t heard = 0;

  // As a retained message of the broker.
  void hear(std::string_view topic, std::string_view payload) {
    if (const auto dial = dial_of(topic)) {
      const auto value = parse_needle(payload);
      REQUIRE(value);
      needles[static_cast<std::size_t>(*dial)].set_target(*value);
      ++heard;
    } else if (topic == contract::kLampsTopic) {
      const auto mask = parse_lamps(payload);
      REQUIRE(mask);
      lamps = *mask;
      ++heard;
    }
  }
};

void check(Panel& panel, const json& vector) {
  panel.heard = 0;
  const auto instance = vector.at("instance").get<std::string>();
  for (const auto& [topic, payload] : vector.at("topics").items()) {
    panel.hear(topic_below(topic, contract::kPrefix, instance), payload.get<std::string>());
  }
  CHECK(panel.heard == 4);
  for (std::size_t dial = 0; dial < panel.needles.size(); ++dial) {
    const char* const name = contract::kDialNames[dial];
    CAPTURE(name);
    Needle& needle = panel.needles[dial];
    for (int ms = 0; ms < 8000 && needle.moving(); ++ms) needle.tick(1);
    const double expected = vector.at("frame").at("motor_deg").at(name).get<double>();
    CHECK(std::abs(static_cast<double>(needle.angle_deg().value_or(-1)) - expected) <= kOneStepDeg + 1e-4);
    CHECK(needle.step() == panel.motors[dial].place);
  }
  for (std::size_t lamp = 0; lamp < contract::kLampNames.size(); ++lamp) {
    const char* const name = contract::kLampNames[lamp];
    CAPTURE(name);
    CHECK(((panel.lamps >> lamp) & 1U) == vector.at("frame").at("lamps").at(name).get<bool>());
  }
}

}  // namespace

TEST_CASE("needles and lamps show what each shared vector expects") {
  Panel panel;
  for (Needle& needle : panel.needles) needle.home();
  std::size_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GAUGE_VECTORS)) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().filename();
    CAPTURE(name);
    std::ifstream file(entry.path());
    check(panel, json::parse(file));
    ++read;
  }
  CHECK(read >= 25);
}
