#include "usage_client.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "blocking.hpp"
#include "gauge/url.hpp"
#include "usage_answer.hpp"
#include "watchdog.hpp"

namespace gauge {
namespace {

constexpr Millis kEveryMs = 1000;
constexpr Millis kBackOffMs = 3000;

}  // namespace

void UsageClient::poll(const Settings& settings, Session& session, Millis now) {
  if (errand_.busy()) return;
  if (asked_) {
    asked_ = false;
    if (failure_ == nullptr) tell_usage(body_.data(), size_, session);
    if (failure_ != nullptr && failure_ != logged_) Serial.printf("http: %s\n", failure_);
    logged_ = failure_;
    if (failure_ != nullptr) pause_from_ = now;  // the end of a try
    pause_ms_ = failure_ == nullptr ? kEveryMs : kBackOffMs;
  }
  if (!session.wants_http() || since(pause_from_, now) < pause_ms_) return;
  if (std::strcmp(url_.data(), settings.http_url) != 0) socket_.stop();  // it leads to the address of before
  std::snprintf(url_.data(), url_.size(), "%s", settings.http_url);
  pause_from_ = now;
  asked_ = errand_.start();
  if (!asked_) pause_ms_ = kBackOffMs;
}

// nullptr, or why there is no answer.
const char* UsageClient::ask() {
  size_ = 0;
  if (const char* wrong = connect()) return wrong;
  http_.setReuse(true);
  http_.setTimeout(blocking::kUsageByteMs);
  if (!http_.begin(socket_, url_.data())) return "not an address";
  const int status = http_.GET();
  const bool whole = status == HTTP_CODE_OK && read_body();
  if (status == HTTP_CODE_OK && !whole) {
    socket_.stop();  // what is left of the answer would be the next one's beginning
  }
  http_.end();
  if (status < 0) return "no answer";
  if (status != HTTP_CODE_OK) return "another status than 200";
  return whole ? nullptr : "the answer is longer than 4 kB, or ended early";
}

// HTTPClient takes a connection that is there; by itself it would look the name up each time.
const char* UsageClient::connect() {
  const bool kept = socket_.connected() != 0;
  if (!kept) {
    const UrlPlace place = url_place(url_.data());
    IPAddress address;
    if (!lookup_.find(place.host, address)) return "nobody knows its name";
    watchdog::feed();
    const bool there = socket_.connect(address, place.port, blocking::kUsageTcpMs) == 1;
    lookup_.answered(there);
    if (!there) return "no answer";
  }
  socket_.allow(blocking::kAnswerMs);
  return nullptr;
}

bool UsageClient::read_body() {
  const int length = http_.getSize();
  if (length <= 0 || length > static_cast<int>(body_.size())) return false;
  const auto wanted = static_cast<std::size_t>(length);
  for (size_ = 0; size_ < wanted;) {
    const int got = socket_.read(reinterpret_cast<std::uint8_t*>(body_.data()) + size_, wanted - size_);
    if (got > 0) {
      size_ += static_cast<std::size_t>(got);
    } else if (socket_.connected() == 0) {
      return false;  // ended early, or its time is over
    } else {
      delay(2);
    }
  }
  return true;
}

}  // namespace gauge
