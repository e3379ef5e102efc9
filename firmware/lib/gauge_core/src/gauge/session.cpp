#include "gauge/session.hpp"

#include "gauge/contract.hpp"
#include "gauge/device_discovery.hpp"

namespace gauge {

namespace {

constexpr std::uint16_t kKeepaliveS = 30;
// Within this, a command may be a retained one.
constexpr Millis kEarlyMs = 3'000;
// A connection that lasts this long was a good one, and the next try after it need not wait long.
constexpr Millis kSteadyMs = 10'000;
constexpr Millis kAwayLongMs = 60'000;
// Flash wears, and a slider sends many values.
constexpr Millis kSaveAfterMs = 5'000;

}  // namespace

const char* words(MqttResult result) {
  switch (result) {
    case MqttResult::connected:
      return "connected";
    case MqttResult::unreachable:
      return "cannot be reached";
    case MqttResult::bad_credentials:
      return "refuses user or password";
    case MqttResult::refused:
      return "refuses the connection";
  }
  return "";
}

Session::Session(MqttTransport& mqtt, Host& host, Settings& settings, Targets& targets, const Device& device)
    : mqtt_(mqtt),
      host_(host),
      settings_(settings),
      targets_(targets),
      device_(device),
      availability_(own_topic(device, contract::kAvailabilityTopic)),
      client_id_(Text<64>("cgdisplay").add(device.id)) {
  settings_changed();
  settings_unsaved_ = false;
}

void Session::poll(bool wifi, Millis now) {
  now_ = now;
  if (!timing_) {
    timing_ = true;
    away_since_ = now;
  }
  if (phase_ != Phase::away && (!wifi || !mqtt_.connected())) lost();
  switch (phase_) {
    case Phase::away:
      if (wifi) {
        connect();
      } else {
        waiting_ = false;
        backoff_.reset();
      }
      break;
    case Phase::subscribing:
      begin();
      break;
    case Phase::up:
      mqtt_.loop(*this);
      work();
      break;
  }
  judge(wifi);
  if (settings_unsaved_ && reached(save_at_, now)) save_settings();
}

void Session::connect() {
  if (settings_.broker_host[0] == '\0' || (waiting_ && !reached(retry_at_, now_))) return;
  const auto or_none = [](const char* text) { return text[0] == '\0' ? nullptr : text; };
  MqttConnect options{};
  options.host = settings_.broker_host;
  options.port = settings_.broker_port;
  options.client_id = client_id_.c_str();
  options.username = or_none(settings_.broker_user);
  options.password = or_none(settings_.broker_password);
  options.will_topic = availability_.c_str();
  options.will_payload = contract::kOffline;
  options.keepalive_s = kKeepaliveS;
  const MqttResult result = mqtt_.connect(options);
  if (result != logged_result_) log("broker ", words(result));
  logged_result_ = result;
  if (result != MqttResult::connected) return wait();
  // The rest waits for the next poll: this one's time is as old as the connect was long.
  phase_ = Phase::subscribing;
}

void Session::wait() {
  waiting_ = true;
  retry_at_ = now_ + backoff_.next(host_.random());
}

void Session::begin() {
  subscribed_at_ = now_;
  early_ = true;
  steady_ = false;
  refused_ = 0;
  if (met_) ++counters_.reconnects;
  met_ = true;
  monitor_.connected(now_);
  if (!subscribe()) {
    log("broker ", "takes no subscription");
    lost();
    return;
  }
  phase_ = Phase::up;
  away_long_ = false;
  announce();
}

void Session::lost() {
  log("broker ", "is gone");
  leave();
}

void Session::leave() {
  mqtt_.disconnect();
  monitor_.disconnected();
  if (phase_ == Phase::up) away_since_ = now_;
  phase_ = Phase::away;
  logged_result_.reset();
  wait();
}

void Session::work() {
  if (early_ && since(subscribed_at_, now_) >= kEarlyMs) early_ = false;
  if (!steady_ && since(subscribed_at_, now_) >= kSteadyMs) {
    steady_ = true;
    backoff_.reset();
  }
  for (std::size_t at = 0; empty_ != 0; ++at, empty_ >>= 1) {
    if ((empty_ & 1) != 0) publish(Topic("cmd/").add(kCommandTopics[at].below).view(), "", true);
  }
  if (restart_) {
    restart_ = false;
    close();
    host_.restart();
    return;
  }
  if (adopted_) {
    adopted_ = false;
    if (!subscribe_publisher()) return lost();
  }
  if (announce_ && reached(announce_at_, now_)) announce();
  if (settings_unpublished_) publish_settings();
  if (published_fresh_ != monitor_.fresh()) publish_fresh();
  if (reached(diag_at_, now_)) publish_diag();
}

void Session::judge(bool wifi) {
  monitor_.poll(wifi, now_);
  targets_.link = monitor_.state();
  targets_.fresh = monitor_.fresh();
  if (monitor_.state() != logged_link_) log("link: ", name(monitor_.state()));
  logged_link_ = monitor_.state();

  if (phase_ == Phase::away && since(away_since_, now_) >= kAwayLongMs) away_long_ = true;
  const bool no_broker = settings_.broker_host[0] == '\0' || away_long_;
  wants_http_ = wifi && phase_ != Phase::up && no_broker && settings_.http_url[0] != '\0';
}

void Session::settings_changed() {
  targets_.brightness = settings_.light ? settings_.brightness : std::uint8_t{0};
  for (std::size_t dial = 0; dial < settings_.trims.size(); ++dial) targets_.trims[dial] = settings_.trims[dial];
  settings_unpublished_ = true;
  settings_unsaved_ = true;
  save_at_ = now_ + kSaveAfterMs;
}

void Session::save_settings() {
  settings_unsaved_ = false;
  host_.save(settings_);
}

void Session::close() {
  if (settings_unsaved_) save_settings();
  if (phase_ == Phase::up) publish(contract::kAvailabilityTopic, contract::kOffline, true);
  leave();
}

void Session::log(std::string_view what, std::string_view detail) { host_.log(Text<160>(what).add(detail).c_str()); }

}  // namespace gauge
