// In place of clearwater/SwitecX25 45a336e, which no registry has: the part of it that is used, its six phases.

#include <SwitecX25.h>

namespace {

constexpr unsigned char kPhases[SwitecX25::stateCount] = {0x9, 0x1, 0x7, 0x6, 0xE, 0x8};

void write(const SwitecX25& motor) {
  for (unsigned char pin = 0; pin < SwitecX25::pinCount; ++pin) {
    digitalWrite(motor.pins[pin], kPhases[motor.currentState] >> pin & 1);
  }
}

}  // namespace

SwitecX25::SwitecX25(unsigned int end, unsigned char pin1, unsigned char pin2, unsigned char pin3, unsigned char pin4)
    : pins{pin1, pin2, pin3, pin4}, currentState(0), currentStep(0), steps(end) {
  for (const unsigned char pin : pins) pinMode(pin, OUTPUT);
}

void SwitecX25::stepUp() {
  if (currentStep >= steps) return;
  ++currentStep;
  currentState = static_cast<unsigned char>((currentState + 1) % stateCount);
  write(*this);
}

void SwitecX25::stepDown() {
  if (currentStep == 0) return;
  --currentStep;
  currentState = static_cast<unsigned char>((currentState + stateCount - 1) % stateCount);
  write(*this);
}
