#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gauge {

enum class Ink : std::uint8_t { none, scale, red, needle, text };

// A drawing in characters: dots as Braille patterns, two by four in each character, and text above them. Where several
// inks meet in a character the later one of `Ink` wins.
class Canvas {
 public:
  Canvas(std::size_t columns, std::size_t rows);

  void dot(float x, float y, Ink ink);  // in dots, from the upper left corner; outside is ignored
  void line(float x0, float y0, float x1, float y1, Ink ink);
  void text(std::size_t row, std::string_view words);  // ASCII, in the middle of the row

  std::string row(std::size_t row) const;  // with colours

 private:
  struct Cell {
    std::uint8_t dots = 0;
    char letter = 0;
    Ink ink = Ink::none;
  };

  std::size_t columns_;
  std::vector<Cell> cells_;
};

}  // namespace gauge
