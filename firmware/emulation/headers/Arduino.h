// What the coil drivers ask of Arduino, in place of the whole: its headers want an operating system.
#pragma once

#include <cstdint>
#ifndef __XTENSA__
#include <cstdio>
#endif

#define HIGH 0x1
#define LOW 0x0
#define OUTPUT 0x03
#define IRAM_ATTR __attribute__((section(".iram1")))

unsigned long millis();
void pinMode(std::uint8_t pin, std::uint8_t mode);
void digitalWrite(std::uint8_t pin, std::uint8_t value);
