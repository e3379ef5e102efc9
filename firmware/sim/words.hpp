#pragma once

#include <string>

#include "picture.hpp"

namespace gauge {

// What a dial shows, as its face is marked: "40 %", "0.50 x" (redlines), "no data".
std::string reading_of(contract::Dial dial, const NeedlePicture& needle);

// "OPUS HOT", or "none".
std::string names_of(std::uint8_t lamps);

std::string upper(const char* name);

}  // namespace gauge
