#pragma once

#include <Arduino.h>

// Arduino.h makes macros of plain words that are functions elsewhere, in gauge_core too. So each file that needs the
// SDK includes this one before anything else.
#undef bit
#undef constrain
#undef degrees
#undef radians
#undef sq
#undef word
