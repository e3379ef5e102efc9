#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauge {

// A text of at most `Capacity` bytes, always ended by a zero. What does not fit is not written at all, and `fits()`
// says so from then on: a shortened topic would be another topic.
template <std::size_t Capacity>
class Text {
 public:
  static constexpr std::size_t kCapacity = Capacity;

  Text() = default;
  explicit Text(std::string_view text) { add(text); }

  Text& add(std::string_view part) {
    if (part.size() > Capacity - size_) {
      fits_ = false;
      return *this;
    }
    for (const char c : part) bytes_[size_++] = c;
    bytes_[size_] = '\0';
    return *this;
  }

  Text& add_number(std::int64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return add({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

  void clear() {
    size_ = 0;
    bytes_[0] = '\0';
    fits_ = true;
  }

  bool fits() const { return fits_; }
  std::string_view view() const { return {bytes_.data(), size_}; }
  const char* c_str() const { return bytes_.data(); }

 private:
  std::array<char, Capacity + 1> bytes_{};
  std::size_t size_ = 0;
  bool fits_ = true;
};

using Topic = Text<127>;

}  // namespace gauge
