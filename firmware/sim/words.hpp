#pragma once

#include <cstdint>
#include <string>

#include "picture.hpp"

namespace gauge {

// What a dial shows, as its face is marked: "40 %", "0.50 x" (redlines), "no data".
std::string reading_of(contract::Dial dial, const NeedlePicture& needle);

// What is missing, and how often STALL blinks for it as soon as the values are too old: "no broker (2 blinks)"; "live".
std::string words_of(Link link);

// "DEMO", "REPLAY", or "".
std::string mark_of(std::uint8_t played);

// "OPUS HOT", or "none".
std::string names_of(std::uint8_t lamps);

std::string upper(const char* name);

}  // namespace gauge
