#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gauge/contract.hpp"
#include "gauge/time.hpp"

namespace gauge {

enum class Link : std::uint8_t { no_wifi, no_broker, publisher_offline, stale, live };

inline constexpr std::array<Link, 5> kLinks{Link::no_wifi, Link::no_broker, Link::publisher_offline, Link::stale,
                                            Link::live};

// As it stands in diagnostics and logs.
const char* name(Link link);

// How often STALL blinks when nothing may be shown: one for Wi-Fi, two for the broker, three for the publisher.
std::uint8_t blinks(Link link);

// How this display stands with its publisher, and whether what it last heard may still be shown.
//
// Values are shown for `kHeartbeatsMissed` intervals after the publisher's last sign of life, whatever the link does in
// between: a Wi-Fi that is gone for a moment moves no needle, and a long absence parks them, like a lost heartbeat.
// Only the publisher's own `offline` ends it at once.
class LinkMonitor {
 public:
  void connected(Millis now);
  void disconnected();
  void publisher(bool online, Millis now);
  void heartbeat(std::uint32_t interval_s, Millis now);
  // An answer over HTTP; `changed`: its `updated_at` is another than before.
  void answered(bool changed, Millis now);
  // At least once a day, or the clock's wrap revives what is over.
  void poll(bool wifi, Millis now);

  Link state() const { return state_; }
  // How long it stood so since the first poll.
  std::uint32_t seconds(Link link) const {
    return static_cast<std::uint32_t>(spent_ms_[static_cast<std::size_t>(link)] / 1000);
  }
  bool fresh() const { return fresh_; }

 private:
  enum class Publisher : std::uint8_t { unknown, online, offline };

  void alive(Millis now);
  void count(Millis now);
  Link judge(bool wifi) const;

  Link state_ = Link::no_wifi;
  std::array<std::uint64_t, kLinks.size()> spent_ms_{};  // 32 bits would wrap after 49 days
  bool counting_ = false;
  Millis counted_at_ = 0;  // up to here
  Publisher publisher_ = Publisher::unknown;
  bool broker_ = false;
  bool http_ = false;
  bool fresh_ = false;
  bool settling_ = false;
  std::uint32_t interval_s_ = contract::kHeartbeatS;
  Millis stale_at_ = 0;
  Millis http_until_ = 0;
  Millis settled_at_ = 0;
};

}  // namespace gauge
