#include "canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gauge {
namespace {

constexpr std::size_t kDotsAcross = 2, kDotsDown = 4;
// Bits of the Unicode Braille patterns, U+2800, by row and column of the dot.
constexpr std::uint8_t kDot[kDotsDown][kDotsAcross] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

constexpr const char* kInk[] = {"\x1b[0m", "\x1b[38;5;180m", "\x1b[38;5;160m", "\x1b[1;38;5;208m", "\x1b[0m"};

std::string braille(std::uint8_t dots) {
  if (dots == 0) return " ";
  return {static_cast<char>(0xe2), static_cast<char>(0xa0 | dots >> 6), static_cast<char>(0x80 | (dots & 0x3f))};
}

}  // namespace

Canvas::Canvas(std::size_t columns, std::size_t rows) : columns_(columns), cells_(columns * rows) {}

void Canvas::dot(float x, float y, Ink ink) {
  const auto column = static_cast<std::ptrdiff_t>(std::lround(x)), row = static_cast<std::ptrdiff_t>(std::lround(y));
  if (column < 0 || row < 0) return;
  const auto across = static_cast<std::size_t>(column), down = static_cast<std::size_t>(row);
  const std::size_t cell = down / kDotsDown * columns_ + across / kDotsAcross;
  if (across / kDotsAcross >= columns_ || cell >= cells_.size()) return;
  cells_[cell].dots |= kDot[down % kDotsDown][across % kDotsAcross];
  cells_[cell].ink = std::max(cells_[cell].ink, ink);
}

void Canvas::line(float x0, float y0, float x1, float y1, Ink ink) {
  const float points = std::ceil(std::max(std::abs(x1 - x0), std::abs(y1 - y0)));
  for (float point = 0; point <= points; ++point) {
    const float share = points > 0 ? point / points : 0;
    dot(x0 + share * (x1 - x0), y0 + share * (y1 - y0), ink);
  }
}

void Canvas::text(std::size_t row, std::string_view words) {
  const std::size_t start = row * columns_ + (columns_ - std::min(columns_, words.size())) / 2;
  for (std::size_t i = 0; i < words.size() && i < columns_; ++i) cells_[start + i] = {0, words[i], Ink::text};
}

std::string Canvas::row(std::size_t row) const {
  std::string drawn;
  Ink ink = Ink::none;
  for (std::size_t column = 0; column < columns_; ++column) {
    const Cell& cell = cells_[row * columns_ + column];
    if (cell.ink != ink) drawn += kInk[static_cast<std::size_t>(cell.ink)];
    ink = cell.ink;
    drawn += cell.letter != 0 ? std::string(1, cell.letter) : braille(cell.dots);
  }
  return drawn + kInk[0];
}

}  // namespace gauge
