// In the shape of ArduinoJson.h: bblanchon/ArduinoJson 7.2.0, as far as one document is read through a filter.
#pragma once

#include <cstddef>

class JsonVariantConst {
 public:
  bool isNull() const;
  bool isUnbound() const;
  template <class T>
  bool is() const;
  template <class T>
  T as() const;
  template <class T>
  friend T operator|(JsonVariantConst value, T otherwise) {
    return value.is<T>() ? value.as<T>() : otherwise;
  }
};

class JsonObjectConst {
 public:
  JsonVariantConst operator[](const char* key) const;
};

class MemberProxy {
 public:
  MemberProxy& operator=(bool value);
};

class JsonDocument {
 public:
  template <class T>
  T as() const;
  MemberProxy operator[](const char* key);
};

class DeserializationError {
 public:
  explicit operator bool() const;
};

namespace DeserializationOption {
class Filter {
 public:
  explicit Filter(const JsonDocument& wanted);
};
}  // namespace DeserializationOption

DeserializationError deserializeJson(JsonDocument& document, char* input, std::size_t size,
                                     DeserializationOption::Filter filter);
