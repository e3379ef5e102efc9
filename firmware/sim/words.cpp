#include "words.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace gauge {

std::string reading_of(contract::Dial dial, const NeedlePicture& needle) {
  // Half way between the zero mark and the place where a needle without data rests.
  constexpr float kBelowScale = (contract::kParkDeg + contract::kZeroDeg) / 2;
  if (needle.deg < kBelowScale) return "no data";
  const float ratio = (needle.deg - contract::kZeroDeg) / (contract::kFullDeg - contract::kZeroDeg);
  const bool tach = dial == contract::Dial::tach;
  const float shown = ratio * (tach ? float{contract::kNeedleMax} / contract::kRedlineMark : 100);
  char text[32];
  std::snprintf(text, sizeof text, tach ? "%.2f x" : "%.0f %%", static_cast<double>(std::max(shown, 0.0F)));
  return text;
}

std::string words_of(Link link) {
  if (link == Link::live) return name(link);
  std::string words = name(link);
  std::replace(words.begin(), words.end(), '_', ' ');
  const int count = blinks(link);
  return words + " (" + std::to_string(count) + (count == 1 ? " blink)" : " blinks)");
}

std::string mark_of(std::uint8_t played) {
  return played == 0 ? std::string() : upper(contract::kPlayedSources[played - 1U]);
}

std::string names_of(std::uint8_t lamps) {
  std::string names;
  for (std::size_t lamp = 0; lamp < contract::kLampNames.size(); ++lamp) {
    if ((lamps >> lamp & 1) == 0) continue;
    if (!names.empty()) names += ' ';
    names += upper(contract::kLampNames[lamp]);
  }
  return names.empty() ? "none" : names;
}

std::string upper(const char* name) {
  std::string text = name;
  for (char& letter : text) letter = static_cast<char>(std::toupper(letter));
  return text;
}

}  // namespace gauge
