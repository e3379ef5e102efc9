#pragma once

#include "arduino.hpp"

#include <HTTPClient.h>

#include <array>
#include <cstddef>

#include "errand.hpp"
#include "gauge/session.hpp"
#include "gauge/settings.hpp"
#include "gauge/time.hpp"
#include "line.hpp"
#include "lookup.hpp"

namespace gauge {

// `GET /usage` once a second over one kept connection, for as long as the session wants it. Waits for nothing: asking
// is an errand.
class UsageClient {
 public:
  UsageClient() = default;
  UsageClient(const UsageClient&) = delete;
  UsageClient& operator=(const UsageClient&) = delete;

  void poll(const Settings& settings, Session& session, Millis now);

 private:
  const char* ask();
  const char* connect();
  bool read_body();

  // The errand's while it is under way.
  std::array<char, sizeof Settings::http_url> url_{};
  Lookup lookup_;
  Line socket_;
  HTTPClient http_;
  std::array<char, 4096> body_{};
  std::size_t size_ = 0;
  const char* failure_ = nullptr;  // of the last question, in words

  bool asked_ = false;
  // Not the instant at which it is over: nobody may want an answer for a month, and that would pass for one to come.
  Millis pause_from_ = 0;
  Millis pause_ms_ = 0;
  const char* logged_ = nullptr;
  Errand errand_{Task::usage, 6144, [this] { failure_ = ask(); }};
};

}  // namespace gauge
