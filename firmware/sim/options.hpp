#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "gauge/settings.hpp"

namespace gauge {

enum class Driver : std::uint8_t { four_wire, step_dir };

struct Options {
  Settings settings;  // as the device would keep them
  std::string id;     // 12 hex digits, as the device has them from its MAC address
  Driver driver = Driver::four_wire;
  bool json = false;
  bool wifi = true;            // --no-wifi: false
  bool soft_start = false;     // --quiet-boot
  std::FILE* trace = nullptr;  // see --trace; nullptr: none
};

// Exit code: a motor was driven in a way that the real one cannot follow.
inline constexpr int kExitFault = 3;

// The command line. --help prints and exits with 0; what cannot be understood is told on stderr and exits with 2.
Options parse_options(int argc, char** argv);

}  // namespace gauge
