#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// Which GPIO does what, on an ESP32-WROOM DevKitC. The wiring diagram is drawn from these rows.
namespace gauge::pins {

enum class Kind { coil, step, dir, lamp, button, light_sensor };

// `function` is what it belongs to and which one of it is meant.
struct Pin {
  std::string_view function;
  int gpio;
  Kind kind;
};

// Motors on the chip's own pins: contacts 1 to 4 of each.
inline constexpr std::array kDirectPins{
    Pin{"5h 1", 13, Kind::coil},         Pin{"5h 2", 14, Kind::coil},
    Pin{"5h 3", 27, Kind::coil},         Pin{"5h 4", 26, Kind::coil},
    Pin{"tach 1", 25, Kind::coil},       Pin{"tach 2", 33, Kind::coil},
    Pin{"tach 3", 32, Kind::coil},       Pin{"tach 4", 23, Kind::coil},
    Pin{"7d 1", 22, Kind::coil},         Pin{"7d 2", 21, Kind::coil},
    Pin{"7d 3", 19, Kind::coil},         Pin{"7d 4", 18, Kind::coil},
    Pin{"lamp opus", 2, Kind::lamp},     Pin{"lamp sonnet", 15, Kind::lamp},
    Pin{"lamp haiku", 12, Kind::lamp},   Pin{"lamp hot", 5, Kind::lamp},
    Pin{"lamp warn", 17, Kind::lamp},    Pin{"lamp stall", 16, Kind::lamp},
    Pin{"lamp idle", 4, Kind::lamp},     Pin{"button front", 34, Kind::button},
    Pin{"button boot", 0, Kind::button}, Pin{"light sensor", 35, Kind::light_sensor},
};

// Motors behind a step/direction driver chip (VID6606, AX1201728SG): six pins instead of twelve, and nothing on 16 and
// 17, so that it fits boards with PSRAM as well.
inline constexpr std::array kStepDirPins{
    Pin{"5h step", 13, Kind::step},      Pin{"5h dir", 14, Kind::dir},
    Pin{"tach step", 27, Kind::step},    Pin{"tach dir", 26, Kind::dir},
    Pin{"7d step", 25, Kind::step},      Pin{"7d dir", 33, Kind::dir},
    Pin{"lamp opus", 32, Kind::lamp},    Pin{"lamp sonnet", 23, Kind::lamp},
    Pin{"lamp haiku", 22, Kind::lamp},   Pin{"lamp hot", 21, Kind::lamp},
    Pin{"lamp warn", 19, Kind::lamp},    Pin{"lamp stall", 18, Kind::lamp},
    Pin{"lamp idle", 4, Kind::lamp},     Pin{"button front", 34, Kind::button},
    Pin{"button boot", 0, Kind::button}, Pin{"light sensor", 35, Kind::light_sensor},
};

constexpr bool is_output(Kind kind) { return kind != Kind::button && kind != Kind::light_sensor; }
constexpr bool drives_a_motor(Kind kind) { return kind == Kind::coil || kind == Kind::step || kind == Kind::dir; }

template <std::size_t N>
constexpr bool exist(const std::array<Pin, N>& table) {
  for (const Pin& pin : table) {
    const bool missing = pin.gpio == 20 || pin.gpio == 24 || (pin.gpio >= 28 && pin.gpio <= 31);
    if (pin.gpio < 0 || pin.gpio > 39 || missing) return false;
  }
  return true;
}

// 34 to 39 have no output driver.
template <std::size_t N>
constexpr bool outputs_can_drive(const std::array<Pin, N>& table) {
  for (const Pin& pin : table) {
    if (is_output(pin.kind) && pin.gpio >= 34) return false;
  }
  return true;
}

template <std::size_t N>
constexpr bool used_once(const std::array<Pin, N>& table) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = i + 1; j < N; ++j) {
      if (table[i].gpio == table[j].gpio) return false;
    }
  }
  return true;
}

// 6 to 11 go to the flash, 1 and 3 are the serial console.
template <std::size_t N>
constexpr bool flash_and_console_are_free(const std::array<Pin, N>& table) {
  for (const Pin& pin : table) {
    if ((pin.gpio >= 6 && pin.gpio <= 11) || pin.gpio == 1 || pin.gpio == 3) return false;
  }
  return true;
}

// 0, 2, 5, 12 and 15 are read at reset: a motor's coil ties two pins together and would answer for them. A lamp against
// ground can only pull them low, where 2, 5, 12 and 15 do no harm; 0 low would be download mode.
template <std::size_t N>
constexpr bool straps_are_safe(const std::array<Pin, N>& table) {
  for (const Pin& pin : table) {
    const bool strap = pin.gpio == 0 || pin.gpio == 2 || pin.gpio == 5 || pin.gpio == 12 || pin.gpio == 15;
    if (strap && drives_a_motor(pin.kind)) return false;
    if (pin.gpio == 0 && pin.kind != Kind::button) return false;
  }
  return true;
}

// 16 and 17 belong to the PSRAM of a WROVER.
template <std::size_t N>
constexpr bool psram_is_free(const std::array<Pin, N>& table) {
  for (const Pin& pin : table) {
    if (pin.gpio == 16 || pin.gpio == 17) return false;
  }
  return true;
}

// The converter that goes on while Wi-Fi is up has its pins at 32 to 39.
template <std::size_t N>
constexpr bool light_is_measurable(const std::array<Pin, N>& table) {
  for (const Pin& pin : table) {
    if (pin.kind == Kind::light_sensor && pin.gpio < 32) return false;
  }
  return true;
}

// The GPIO of "<owner> <which>", or -1.
template <std::size_t N>
constexpr int gpio(const std::array<Pin, N>& table, std::string_view owner, std::string_view which) {
  for (const Pin& pin : table) {
    const std::string_view name = pin.function;
    if (name.size() != owner.size() + 1 + which.size()) continue;
    if (name.substr(0, owner.size()) == owner && name.substr(owner.size() + 1) == which) return pin.gpio;
  }
  return -1;
}

#ifdef GAUGE_DRIVER_STEP_DIR
inline constexpr const auto& kPins = kStepDirPins;
#else
inline constexpr const auto& kPins = kDirectPins;
#endif

static_assert(exist(kPins), "a GPIO that this chip does not have");
static_assert(outputs_can_drive(kPins), "an output on GPIO 34 to 39, which are inputs only");
static_assert(used_once(kPins), "a GPIO with two functions");
static_assert(flash_and_console_are_free(kPins), "a GPIO of the flash (6 to 11) or of the console (1, 3)");
static_assert(straps_are_safe(kPins), "a motor on a strapping pin (0, 2, 5, 12, 15), or more than a button on 0");
static_assert(light_is_measurable(kPins), "the light sensor on a pin of the converter that Wi-Fi uses");
#ifdef BOARD_HAS_PSRAM
static_assert(psram_is_free(kPins), "GPIO 16 or 17, which this board's PSRAM needs: build with GAUGE_DRIVER_STEP_DIR");
#endif

}  // namespace gauge::pins
