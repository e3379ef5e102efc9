#pragma once

#include <cstdint>

namespace board {

extern std::uint32_t clock_ms;

// Everything that was seen so far, in one number: FNV-1a over words.
struct Account {
  std::uint32_t hash = 2166136261U;
  std::uint32_t writes = 0;
  std::uint32_t not_driven = 0;  // pins that did not read back as they were written; on the model only

  void add(std::uint32_t word) { hash = (hash ^ word) * 16777619U; }
};
extern Account account;

void say(const char* text);
void say(std::int32_t number);

}  // namespace board
