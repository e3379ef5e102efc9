// In the shape of esp_timer.h: IDF 4.4.
#pragma once

#include <cstdint>

extern "C" std::int64_t esp_timer_get_time(void);
