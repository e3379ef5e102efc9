#include "pubsub_transport.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "blocking.hpp"
#include "watchdog.hpp"

namespace gauge {
namespace {

const std::uint8_t* bytes(const char* text) { return reinterpret_cast<const std::uint8_t*>(text); }

MqttResult outcome(int state) {
  switch (state) {
    case MQTT_CONNECTED:
      return MqttResult::connected;
    case MQTT_CONNECT_BAD_CREDENTIALS:
    case MQTT_CONNECT_UNAUTHORIZED:
      return MqttResult::bad_credentials;
    case MQTT_CONNECT_BAD_PROTOCOL:
    case MQTT_CONNECT_BAD_CLIENT_ID:
    case MQTT_CONNECT_UNAVAILABLE:
      return MqttResult::refused;
    default:
      return MqttResult::unreachable;
  }
}

template <std::size_t N>
void copy(std::array<char, N>& to, const char* text) {
  std::snprintf(to.data(), to.size(), "%s", text == nullptr ? "" : text);
}

template <std::size_t N>
const char* or_none(const std::array<char, N>& text) {
  return text[0] == '\0' ? nullptr : text.data();
}

}  // namespace

PubSubTransport::PubSubTransport() : client_(socket_) {
  client_.setSocketTimeout(blocking::kBrokerByteMs / 1000);
  // What it is called with lies in the only buffer that PubSubClient has, so a listener notes and publishes later.
  client_.setCallback([this](char* topic, std::uint8_t* payload, unsigned int size) {
    if (listener_ != nullptr) listener_->on_message(topic, {reinterpret_cast<const char*>(payload), size});
  });
}

void PubSubTransport::dial(const MqttConnect& options) {
  copy(call_.host, options.host);
  copy(call_.username, options.username);
  copy(call_.password, options.password);
  copy(call_.client_id, options.client_id);
  copy(call_.will_topic, options.will_topic);
  copy(call_.will_payload, options.will_payload);
  call_.port = options.port;
  call_.keepalive_s = options.keepalive_s;
  result_ = MqttResult::unreachable;
  if (!errand_.start()) Serial.println("mqtt: no memory for the task");
}

MqttResult PubSubTransport::dialled() {
  if (errand_.busy()) return MqttResult::pending;
  if (result_ == MqttResult::connected) socket_.allow(blocking::kTurnMs);
  return result_;
}

// In the errand's task.
MqttResult PubSubTransport::call() {
  if (client_.getBufferSize() != kBufferBytes && !client_.setBufferSize(kBufferBytes)) {
    Serial.println("mqtt: no memory for the buffer");
    return MqttResult::unreachable;
  }
  IPAddress address;
  if (!lookup_.find(call_.host.data(), address)) return MqttResult::unreachable;
  watchdog::feed();
  socket_.stop();  // nothing of a connection before
  const bool there = socket_.connect(address, call_.port, blocking::kBrokerTcpMs) == 1;
  lookup_.answered(there);
  if (!there) return MqttResult::unreachable;
  socket_.allow(blocking::kConnackMs);
  client_.setServer(address, call_.port);  // it takes the connection that is there
  client_.setKeepAlive(call_.keepalive_s);
  constexpr std::uint8_t kWillQos = 1;
  constexpr bool kRetained = true;
  constexpr bool kClean = true;
  const bool connected =
      client_.connect(call_.client_id.data(), or_none(call_.username), or_none(call_.password), call_.will_topic.data(),
                      kWillQos, kRetained, call_.will_payload.data(), kClean);
  const MqttResult result = connected ? MqttResult::connected : outcome(client_.state());
  if (!connected) socket_.stop();
  return result;
}

void PubSubTransport::loop(MqttListener& listener) {
  socket_.allow(blocking::kTurnMs);
  listener_ = &listener;
  // One call takes one packet, and a broker has a dozen retained ones for a new subscriber.
  for (int packet = 0; packet < kPacketsAtOnce && client_.loop(); ++packet) {
    if (socket_.available() <= 0) break;
  }
  listener_ = nullptr;
}

bool PubSubTransport::publish(const char* topic, std::string_view payload, bool retained) {
  return client_.publish(topic, bytes(payload.data()), static_cast<unsigned int>(payload.size()), retained);
}

bool PubSubTransport::begin(const char* topic, std::size_t size, bool retained) {
  promised_ = size;
  begun_ = client_.connected() && client_.beginPublish(topic, static_cast<unsigned int>(size), retained);
  return begun_;
}

// Until end() the session calls no loop(), which allows the time of a turn.
void PubSubTransport::write(std::string_view part) {
  if (!begun_) return;
  socket_.allow(blocking::kTurnMs);
  if (part.size() > promised_ || client_.write(bytes(part.data()), part.size()) != part.size()) return hang_up();
  promised_ -= part.size();
}

bool PubSubTransport::end() {
  if (!begun_ || promised_ > 0) {
    hang_up();
    return false;
  }
  begun_ = false;
  return client_.endPublish() == 1;
}

void PubSubTransport::disconnect() {
  if (begun_ || !socket_.has_room()) return hang_up();
  client_.disconnect();
}

// Half a packet is on its way, and the broker would take what comes next for the rest of it. The client has to know, or
// it would take the next connection for this one, and not greet.
void PubSubTransport::hang_up() {
  begun_ = false;
  socket_.stop();
  client_.disconnect();
}

}  // namespace gauge
