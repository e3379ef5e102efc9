#include "gauge/link.hpp"

#include <cstddef>
#include <cstdint>

namespace gauge {

namespace {

// For this long after a connect the publisher's word may still be on its way: a broker that was restarted empty has it
// only when the publisher has found it again, too.
constexpr Millis kSettleMs = 10'000;
// HTTP is asked each second; so many answers may fail before it counts as gone.
constexpr Millis kHttpGraceMs = 10'000;

}  // namespace

const char* name(Link link) {
  switch (link) {
    case Link::no_wifi:
      return "no_wifi";
    case Link::no_broker:
      return "no_broker";
    case Link::publisher_offline:
      return "publisher_offline";
    case Link::stale:
      return "stale";
    case Link::live:
      return "live";
  }
  return "";
}

std::uint8_t blinks(Link link) {
  switch (link) {
    case Link::no_wifi:
      return 1;
    case Link::no_broker:
      return 2;
    case Link::publisher_offline:
    case Link::stale:
    case Link::live:  // for the moment in which the values are not believed yet
      break;
  }
  return 3;
}

void LinkMonitor::connected(Millis now) {
  broker_ = true;
  publisher_ = Publisher::unknown;
  interval_s_ = contract::kHeartbeatS;
  settling_ = true;
  settled_at_ = now + kSettleMs;
}

void LinkMonitor::disconnected() {
  broker_ = false;
  settling_ = false;
}

void LinkMonitor::publisher(bool online, Millis now) {
  publisher_ = online ? Publisher::online : Publisher::offline;
  if (online) {
    alive(now);
  } else {
    fresh_ = false;
  }
}

void LinkMonitor::heartbeat(std::uint32_t interval_s, Millis now) {
  interval_s_ = interval_s;
  if (publisher_ == Publisher::online) alive(now);
}

void LinkMonitor::answered(bool changed, Millis now) {
  http_ = true;
  http_until_ = now + kHttpGraceMs;
  if (!changed) return;
  interval_s_ = contract::kHeartbeatS;
  alive(now);
}

void LinkMonitor::poll(bool wifi, Millis now) {
  if (fresh_ && reached(stale_at_, now)) fresh_ = false;
  if (http_ && reached(http_until_, now)) http_ = false;
  if (settling_ && reached(settled_at_, now)) {
    settling_ = false;
    if (publisher_ == Publisher::unknown) fresh_ = false;
  }
  count(now);
  state_ = judge(wifi);
}

void LinkMonitor::count(Millis now) {
  if (counting_) spent_ms_[static_cast<std::size_t>(state_)] += since(counted_at_, now);
  counting_ = true;
  counted_at_ = now;
}

void LinkMonitor::alive(Millis now) {
  fresh_ = true;
  stale_at_ = now + contract::kHeartbeatsMissed * interval_s_ * 1000;
}

Link LinkMonitor::judge(bool wifi) const {
  if (!wifi) return Link::no_wifi;
  if (!broker_ && !http_) return Link::no_broker;
  const bool publisher = !broker_ || publisher_ == Publisher::online || (publisher_ == Publisher::unknown && fresh_);
  if (!publisher) return Link::publisher_offline;
  return fresh_ ? Link::live : Link::stale;
}

}  // namespace gauge
