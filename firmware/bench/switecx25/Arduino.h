// As much of Arduino as SwitecX25 needs, on a clock that the benchmark turns.
#pragma once

using byte = unsigned char;
using boolean = bool;
inline constexpr int OUTPUT = 1;

inline unsigned long clock_us = 0;
inline unsigned long micros() { return clock_us; }
inline void delayMicroseconds(unsigned us) { clock_us += us; }
inline void pinMode(int, int) {}
inline void digitalWrite(int, int) {}
