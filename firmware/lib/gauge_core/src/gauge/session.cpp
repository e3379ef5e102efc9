#include "gauge/session.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

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
// Its computer may be busy; a broker that is gone is noticed by its silence as late as this.
constexpr Millis kNoRoomMs = 10'000;
// Flash wears, and a slider sends many values.
constexpr Millis kSaveAfterMs = 5'000;

}  // namespace

const char* words(MqttResult result) {
  switch (result) {
    case MqttResult::pending:
      return "is being called";
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
      client_id_(Text<64>("cgdisplay").add(device.id)),
      discovery_(device) {
  settings_changed();
  agenda_.drop(Duty::save);
}

void Session::poll(bool wifi, Millis now) {
  now_ = now;
  step(wifi);
  time_absence();
  judge(wifi);
  if (agenda_.take(Duty::save, now)) host_.save(settings_);
}

void Session::become(State state) {
  state_ = state;
  since_ = now_;
}

void Session::step(bool wifi) {
  const bool wanted = wifi && settings_.broker_host[0] != '\0';
  switch (state_) {
    case State::idle:
      if (wanted) dial();
      break;
    case State::waiting:
      if (!wanted) {
        backoff_.reset();
        become(State::idle);
      } else if (reached(retry_at_, now_)) {
        dial();
      }
      break;
    case State::dialling:
      on_dialled(wifi);
      break;
    case State::early:
    case State::young:
    case State::steady:
      if (!wifi || !mqtt_.connected()) return lost();
      age();
      if (!discovery_.sending()) mqtt_.loop(*this);
      work();
      break;
  }
}

void Session::dial() {
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
  mqtt_.dial(options);
  become(State::dialling);
}

void Session::on_dialled(bool wifi) {
  const MqttResult result = mqtt_.dialled();
  if (result == MqttResult::pending) return;
  if (result != logged_result_) log("broker ", words(result));
  logged_result_ = result;
  if (result == MqttResult::connected) {
    greet(wifi);
  } else {
    wait();
  }
}

// From here, not from when the try began: one may take longer than the pause after it.
void Session::wait() {
  retry_at_ = now_ + backoff_.next(host_.random());
  become(State::waiting);
}

void Session::greet(bool wifi) {
  become(State::early);
  refused_ = 0;
  room_at_ = now_;
  if (met_) ++counters_.reconnects;
  met_ = true;
  monitor_.connected(now_);
  if (!subscribe()) {
    log("broker ", "takes no subscription");
    return lost();
  }
  judge(wifi);
  announce();
}

void Session::age() {
  if (state_ == State::early && since(since_, now_) >= kEarlyMs) {
    become(State::young);
  } else if (state_ == State::young && since(since_, now_) >= kSteadyMs - kEarlyMs) {
    become(State::steady);
    backoff_.reset();
  }
}

void Session::lost() {
  log("broker ", "is gone");
  leave();
}

void Session::leave() {
  mqtt_.disconnect();
  discovery_.give_up();
  monitor_.disconnected();
  logged_result_.reset();
  wait();
}

bool Session::has_room() {
  const bool room = mqtt_.has_room();
  if (room) room_at_ = now_;
  return room;
}

void Session::work() {
  if (!has_room() && since(room_at_, now_) >= kNoRoomMs) {
    log("broker ", "reads nothing any more");
    return leave();
  }
  if (discovery_.sending()) return send_on();
  for (std::size_t at = 0; empty_ != 0 && has_room(); ++at) {
    const std::uint32_t bit = 1U << at;
    if ((empty_ & bit) != 0) publish(Topic("cmd/").add(kCommandTopics[at].below).view(), "", true);
    empty_ &= ~bit;
  }
  if (empty_ == 0 && agenda_.take(Duty::restart, now_)) {
    close();
    host_.restart();
    return;
  }
  if (!has_room()) return;
  if (agenda_.take(Duty::subscribe_publisher, now_) && !subscribe_publisher()) return lost();
  if (agenda_.take(Duty::announce, now_)) return announce();
  if (!has_room()) return;
  if (agenda_.take(Duty::publish_settings, now_)) publish_settings();
  if (published_fresh_ != monitor_.fresh()) publish_fresh();
  if (agenda_.take(Duty::publish_diag, now_)) publish_diag();
}

void Session::time_absence() {
  if (up()) {
    absence_ = Absence::none;
  } else if (absence_ == Absence::none) {
    absence_ = Absence::brief;
    away_since_ = now_;
  } else if (since(away_since_, now_) >= kAwayLongMs) {
    absence_ = Absence::lasting;
  }
}

void Session::judge(bool wifi) {
  monitor_.poll(wifi, now_);
  targets_.link = monitor_.state();
  targets_.fresh = monitor_.fresh();
  if (monitor_.state() != logged_link_) {
    log("link: ", name(monitor_.state()));
    agenda_.put(Duty::publish_diag, now_);
  }
  logged_link_ = monitor_.state();

  const bool no_broker = settings_.broker_host[0] == '\0' || absence_ == Absence::lasting;
  wants_http_ = wifi && !up() && no_broker && settings_.http_url[0] != '\0';
}

void Session::settings_changed() {
  targets_.brightness = settings_.light ? settings_.brightness : std::uint8_t{0};
  for (std::size_t dial = 0; dial < settings_.trims.size(); ++dial) targets_.trims[dial] = settings_.trims[dial];
  agenda_.put(Duty::publish_settings, now_);
  agenda_.put(Duty::save, now_ + kSaveAfterMs);
}

void Session::close() {
  if (agenda_.has(Duty::save)) host_.save(settings_);
  agenda_.drop(Duty::save);
  if (state_ == State::dialling) return;  // nobody there knows us yet
  if (up() && !discovery_.sending()) publish(contract::kAvailabilityTopic, contract::kOffline, true);
  leave();
}

Text<96> Session::trouble() const {
  switch (monitor_.state()) {
    case Link::no_wifi:
      return Text<96>(settings_.wifi_ssid[0] == '\0' ? "no Wi-Fi is set"
                                                     : "Wi-Fi is away, or its name or password is wrong");
    case Link::no_broker:
      if (settings_.broker_host[0] != '\0') {
        return Text<96>("the broker ").add(words(logged_result_.value_or(MqttResult::pending)));
      }
      return Text<96>(settings_.http_url[0] == '\0' ? "no MQTT broker is set"
                                                    : "the address of /usage does not answer");
    case Link::publisher_offline:
      return Text<96>("the broker is there, but no publisher is online");
    case Link::stale:
      return Text<96>("the publisher has fallen silent");
    case Link::live:
      break;
  }
  return {};
}

void Session::log(std::string_view what, std::string_view detail) { host_.log(Text<160>(what).add(detail).c_str()); }

}  // namespace gauge
