#include "lookup.hpp"

#include <WiFi.h>

#include <atomic>
#include <cstring>
#include <string_view>

namespace gauge {
namespace {

constexpr int kTriesBeforeAsking = 5;

// Arduino's look-up is one at a time, and a second one would wait for the first as long again.
std::atomic<bool> asking{false};

}  // namespace

bool Lookup::find(std::string_view host, IPAddress& address) {
  if (host.size() >= host_.size()) return false;
  if (host != host_.data()) {
    host_.fill('\0');
    std::memcpy(host_.data(), host.data(), host.size());
    known_ = false;
  }
  if (!known_ || silent_ >= kTriesBeforeAsking) {
    IPAddress found;
    if (ask(found)) {
      address_ = found;
      known_ = true;
    }
    silent_ = 0;
  }
  address = address_;
  return known_;
}

bool Lookup::ask(IPAddress& address) {
  if (asking.exchange(true)) return false;
  const bool found = WiFi.hostByName(host_.data(), address) == 1;
  asking = false;
  return found;
}

}  // namespace gauge
