// In the shape of SwitecX25.h: clearwater/SwitecX25 45a336e.
#pragma once

#include <Arduino.h>

class SwitecX25 {
 public:
  static const unsigned char pinCount = 4;
  static const unsigned char stateCount = 6;
  unsigned char pins[pinCount];
  unsigned char currentState;
  unsigned int currentStep;
  unsigned int steps;

  SwitecX25(unsigned int end, unsigned char pin1, unsigned char pin2, unsigned char pin3, unsigned char pin4);
  void stepUp();
  void stepDown();
};
