#pragma once

#include <array>

#include "gauge/settings.hpp"

namespace gauge {

// The flash's key-value store: the settings as one record, and the password of the set-up network beside them.
namespace settings_store {

Loaded load(Settings& settings);
bool save(const Settings& settings);
// Back to the defaults; the set-up password stays, it may be on a label.
bool erase();

// Ten characters, made by chance at the first use: the chip's address is on the air, so nothing may be derived from it.
// Call it with Wi-Fi on, which is what the chip draws its chance from.
using SetUpPassword = std::array<char, 11>;
SetUpPassword set_up_password();

}  // namespace settings_store
}  // namespace gauge
