// In the shape of Preferences.h: arduino-esp32 2.0.14.
#pragma once

#include <Arduino.h>

#include <cstddef>

class Preferences {
 public:
  bool begin(const char* name, bool read_only = false, const char* partition_label = nullptr);
  void end();
  bool remove(const char* key);
  std::size_t putBytes(const char* key, const void* value, std::size_t length);
  bool isKey(const char* key);
  std::size_t getBytes(const char* key, void* buffer, std::size_t most);
};
