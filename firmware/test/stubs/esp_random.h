// In the shape of esp_random.h: IDF 4.4.
#pragma once

#include <cstdint>

extern "C" std::uint32_t esp_random(void);
