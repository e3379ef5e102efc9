#pragma once

#include <cstdint>
#include <string_view>

#include "gauge/improv.hpp"
#include "gauge/settings.hpp"
#include "gauge/text.hpp"
#include "gauge/time.hpp"

namespace gauge {

// Set-up by the serial line, 115200 baud.
class Console {
 public:
  enum class Wish : std::uint8_t { none, restart, factory_reset, changed };

  // Packets between the lines are Improv's.
  Console(Settings& settings, Improv& improv) : settings_(settings), improv_(improv) {}

  Wish poll(Millis now);

 private:
  Wish obey(std::string_view line);
  Wish set_one(std::string_view rest);
  void show_all() const;

  Settings& settings_;
  Improv& improv_;
  Text<200> line_;
};

}  // namespace gauge
