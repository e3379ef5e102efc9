#include "gauge/usage.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

using namespace gauge;
using nlohmann::json;

namespace {

// As the shell reads `GET /usage`: null is unknown.
Usage usage_of(const json& answer) {
  Usage usage;
  for (std::size_t dial = 0; dial < usage.needles.size(); ++dial) {
    const json& needle = answer.at(contract::kNeedleKeys[dial]);
    usage.needles[dial] = needle.is_null() ? contract::kNeedleUnknown : needle.get<std::int16_t>();
  }
  const auto on = [&answer](const char* key) { return answer.at(key) == json(true); };
  usage.hot = on("hot");
  usage.warn = on("warn");
  usage.stall = on("stall");
  usage.idle = on("idle");
  if (answer.at("last_model").is_string()) usage.last_model = answer.at("last_model").get_ref<const std::string&>();
  return usage;
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
    const Usage usage = usage_of(vector.at("usage"));
    CHECK(valid(usage));
    apply(usage, targets);
    const std::string base = "claude_gauge/" + vector.at("instance").get<std::string>() + "/";
    const json& topics = vector.at("topics");
    for (std::size_t dial = 0; dial < usage.needles.size(); ++dial) {
      CHECK(std::to_string(targets.needles[dial]) == topics.at(base + contract::kNeedleTopics[dial]));
    }
    CHECK(std::to_string(targets.lamps) == topics.at(base + contract::kLampsTopic));
    ++seen;
  }
  CHECK(seen >= 25);
}

TEST_CASE("a fourth family lights no model lamp, and a snapshot of nothing parks and darkens all") {
  Usage usage;
  usage.last_model = "fable";
  CHECK(lamp_mask(usage) == 0);
  Targets targets;
  targets.lamps = 127;
  targets.needles[1] = 500;
  apply(usage, targets);
  CHECK(targets.lamps == 0);
  CHECK(targets.needles[1] == -1);
}

TEST_CASE("a needle that is neither -1 nor 0..1000 makes a snapshot invalid") {
  for (const std::int16_t needle : std::initializer_list<std::int16_t>{-2, 1001, 32767}) {
    for (std::size_t dial = 0; dial < 3; ++dial) {
      Usage usage;
      usage.needles[dial] = needle;
      CHECK_FALSE(valid(usage));
    }
  }
}
