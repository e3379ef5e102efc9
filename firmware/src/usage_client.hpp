#pragma once

#include "arduino.hpp"

#include <HTTPClient.h>
#include <WiFi.h>

#include "gauge/session.hpp"
#include "gauge/settings.hpp"
#include "gauge/time.hpp"

namespace gauge {

// `GET /usage` once a second over one kept connection, for as long as the session wants it.
class UsageClient {
 public:
  // Blocks for at most a second or two when nobody answers.
  void poll(const Settings& settings, Session& session, Millis now);

 private:
  const char* ask(const Settings& settings, Session& session);
  bool read_body();
  void tell(Session& session);

  WiFiClient socket_;
  HTTPClient http_;
  std::array<char, 4096> body_{};
  std::size_t size_ = 0;
  Millis due_ = 0;
  const char* failure_ = nullptr;  // of the last question, in words
};

}  // namespace gauge
