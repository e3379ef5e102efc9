#pragma once

#include <cstdint>

#include "gauge/time.hpp"

namespace gauge::boot {

// Why the chip started, as a plain word.
const char* reset_reason();

// Whether no needle can have moved in the reset: only if the lines to the motors were driven all the while. Not if
// power was off or low, nor after the reset button or a watchdog, when they float until they are outputs again. What
// memory kept has a checksum, so that it may be believed as the place from which to look.
bool needles_undisturbed();
bool brown_out();

// Counts crashes in a row, and brown-outs; true: this start is in safe mode.
bool begin();

// Low supplies since the power was last off. One so deep that the memory forgot counts as a power cut.
std::uint32_t brown_outs();

// Ends the row of crashes after a minute; in safe mode restarts after ten.
void poll(bool safe_mode, Millis now);

// An image that came over the air is on trial until it has shown that it can be replaced: on Wi-Fi, and its needles
// know where they are. One that cannot within ten minutes makes room for the one before it. Does nothing else.
void judge_image(bool healthy, Millis now);

}  // namespace gauge::boot
