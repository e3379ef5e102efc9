#include "gauge/usage.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

using namespace gauge;
using nlohmann::json;

namespace {

// As the shell reads `GET /usage`: null is unknown.
UsageFrame frame_of(const json& usage) {
  UsageFrame frame;
  for (std::size_t dial = 0; dial < frame.needles.size(); ++dial) {
    const json& needle = usage.at(contract::kNeedleKeys[dial]);
    frame.needles[dial] = needle.is_null() ? contract::kNeedleUnknown : needle.get<std::int16_t>();
  }
  const auto on = [&usage](const char* key) { return usage.at(key) == json(true); };
  frame.hot = on("hot");
  frame.warn = on("warn");
  frame.stall = on("stall");
  frame.idle = on("idle");
  if (usage.at("last_model").is_string()) frame.last_model = usage.at("last_model").get_ref<const std::string&>();
  return frame;
}

}  // namespace

TEST_CASE("for every shared vector /usage gives the needles and lamps that the display topics give") {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GAUGE_VECTORS)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const json vector = json::parse(file);
    if (!vector.contains("usage")) continue;
    CAPTURE(entry.path().filename());
    Targets targets;
    const UsageFrame frame = frame_of(vector.at("usage"));
    CHECK(valid(frame));
    apply(frame, targets);
    const std::string base = "claude_gauge/" + vector.at("instance").get<std::string>() + "/";
    const json& topics = vector.at("topics");
    for (std::size_t dial = 0; dial < frame.needles.size(); ++dial) {
      CHECK(std::to_string(targets.needles[dial]) == topics.at(base + contract::kNeedleTopics[dial]));
    }
    CHECK(std::to_string(targets.lamps) == topics.at(base + contract::kLampsTopic));
    ++seen;
  }
  CHECK(seen >= 25);
}

TEST_CASE("a fourth family lights no model lamp, and a frame of nothing parks and darkens all") {
  UsageFrame frame;
  frame.last_model = "fable";
  CHECK(lamp_mask(frame) == 0);
  Targets targets;
  targets.lamps = 127;
  targets.needles[1] = 500;
  apply(frame, targets);
  CHECK(targets.lamps == 0);
  CHECK(targets.needles[1] == -1);
}

TEST_CASE("a needle that is neither -1 nor 0..1000 makes a frame invalid") {
  for (const std::int16_t needle : std::initializer_list<std::int16_t>{-2, 1001, 32767}) {
    for (std::size_t dial = 0; dial < 3; ++dial) {
      UsageFrame frame;
      frame.needles[dial] = needle;
      CHECK_FALSE(valid(frame));
    }
  }
}
