#include "pubsub_transport.hpp"

#include <algorithm>
#include <cstring>

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

}  // namespace

PubSubTransport::PubSubTransport() : client_(socket_) {
  client_.setSocketTimeout(kSocketTimeoutS);
  // What it is called with lies in the only buffer that PubSubClient has, so a listener notes and publishes later.
  client_.setCallback([this](char* topic, std::uint8_t* payload, unsigned int size) {
    if (listener_ != nullptr) listener_->on_message(topic, {reinterpret_cast<const char*>(payload), size});
  });
}

MqttResult PubSubTransport::connect(const MqttConnect& options) {
  const std::size_t length = std::strlen(options.host);
  if (length >= host_.size()) return MqttResult::unreachable;
  std::memcpy(host_.data(), options.host, length + 1);
  if (client_.getBufferSize() != kBufferBytes && !client_.setBufferSize(kBufferBytes)) {
    Serial.println("mqtt: no memory for the buffer");
    return MqttResult::unreachable;
  }
  client_.setServer(host_.data(), options.port);
  client_.setKeepAlive(options.keepalive_s);
  constexpr std::uint8_t kWillQos = 1;
  constexpr bool kRetained = true;
  constexpr bool kClean = true;
  const bool connected = client_.connect(options.client_id, options.username, options.password, options.will_topic,
                                         kWillQos, kRetained, options.will_payload, kClean);
  return connected ? MqttResult::connected : outcome(client_.state());
}

void PubSubTransport::loop(MqttListener& listener) {
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
  chunked_ = 0;
  promised_ = size;
  whole_ = client_.connected() && client_.beginPublish(topic, static_cast<unsigned int>(size), retained);
  return whole_;
}

void PubSubTransport::write(std::string_view part) {
  while (whole_ && !part.empty()) {
    const std::size_t fits = std::min(part.size(), chunk_.size() - chunked_);
    std::memcpy(chunk_.data() + chunked_, part.data(), fits);
    chunked_ += fits;
    part.remove_prefix(fits);
    if (chunked_ == chunk_.size()) flush();
  }
}

void PubSubTransport::flush() {
  whole_ = whole_ && chunked_ <= promised_ && client_.write(bytes(chunk_.data()), chunked_) == chunked_;
  promised_ -= std::min(chunked_, promised_);
  chunked_ = 0;
}

bool PubSubTransport::end() {
  if (chunked_ > 0) flush();
  if (whole_ && promised_ == 0) return client_.endPublish() == 1;
  // Half a packet is on its way, and the broker would take what comes next for the rest of it.
  socket_.stop();
  return false;
}

}  // namespace gauge
