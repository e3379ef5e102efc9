#pragma once

#include <cstdint>
#include <string_view>

#include "gauge/settings.hpp"
#include "gauge/text.hpp"

namespace gauge {

// Set-up by the serial line, 115200 baud.
class Console {
 public:
  enum class Wish : std::uint8_t { none, restart, factory_reset, changed };

  explicit Console(Settings& settings) : settings_(settings) {}

  Wish poll();

 private:
  Wish obey(std::string_view line);
  Wish set_one(std::string_view rest);
  void show_all() const;

  Settings& settings_;
  Text<200> line_;
};

}  // namespace gauge
