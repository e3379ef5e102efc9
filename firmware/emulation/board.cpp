// Arduino's pins, clock and console: on the model by its registers, on the host in memory. Every pin write goes into
// the account that both print.

#include "board.hpp"

#include "arduino.hpp"

#include <cstdint>
#include <cstdio>

#ifdef __XTENSA__
// Read by the test out of the model's memory: its UART takes as long as a real one.
extern "C" {
char console[32768];
std::uint32_t console_size = 0;
}
#endif

namespace board {

std::uint32_t clock_ms = 0;
Account account;

namespace {

#ifdef __XTENSA__

volatile std::uint32_t& reg(std::uint32_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }

constexpr std::uint32_t kOut = 0x3FF44004, kSet = 0x3FF44008, kClear = 0x3FF4400C, kEnable = 0x3FF44024;
constexpr std::uint32_t kOut1 = 0x3FF44010, kSet1 = 0x3FF44014, kClear1 = 0x3FF44018, kEnable1 = 0x3FF44030;

void drive(std::uint8_t pin, bool high) {
  const bool upper = pin >= 32;
  const std::uint32_t mask = 1U << (pin & 31);
  reg(upper ? (high ? kSet1 : kClear1) : (high ? kSet : kClear)) = mask;
  if (((reg(upper ? kOut1 : kOut) & mask) != 0) != high) ++account.not_driven;
}
void enable(std::uint8_t pin) { reg(pin >= 32 ? kEnable1 : kEnable) = 1U << (pin & 31); }
void put(char c) {
  if (console_size < sizeof console) console[console_size++] = c;
}

#else

void drive(std::uint8_t, bool) {}
void enable(std::uint8_t) {}
void put(char c) { std::putchar(c); }

#endif

}  // namespace

void say(const char* text) {
  while (*text != '\0') put(*text++);
}

void say(std::int32_t number) {
  char digits[12];
  int size = 0;
  std::uint32_t left = number < 0 ? 0U - static_cast<std::uint32_t>(number) : static_cast<std::uint32_t>(number);
  do digits[size++] = static_cast<char>('0' + left % 10);
  while ((left /= 10) != 0);
  if (number < 0) put('-');
  while (size > 0) put(digits[--size]);
}

}  // namespace board

void pinMode(std::uint8_t pin, std::uint8_t mode) {
  board::account.add(1000U + pin * 8U + mode);
  if (mode == OUTPUT) board::enable(pin);
}

void digitalWrite(std::uint8_t pin, std::uint8_t value) {
  ++board::account.writes;
  board::account.add(pin * 2U + (value != 0));
  board::drive(pin, value != 0);
}

unsigned long millis() { return board::clock_ms; }
