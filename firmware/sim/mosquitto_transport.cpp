#include "mosquitto_transport.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace gauge {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kPatience = std::chrono::seconds(3);  // the device's own, for TCP and for the broker's answer
constexpr auto kFarewell = milliseconds(200);
constexpr int kQos = 1;

milliseconds left_until(Clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - Clock::now()));
}

}  // namespace

MosquittoTransport::MosquittoTransport(int stop_fd) : stop_fd_(stop_fd) { mosquitto_lib_init(); }

MosquittoTransport::~MosquittoTransport() {
  close();
  mosquitto_lib_cleanup();
}

void MosquittoTransport::dial(const MqttConnect& options) {
  close();
  open(options);
  patient_until_ = Clock::now() + kPatience;
  const int error = mosquitto_connect_async(client_, options.host, options.port, options.keepalive_s);
  if (error != MOSQ_ERR_SUCCESS) close();
}

MqttResult MosquittoTransport::dialled() {
  if (state_ == State::waiting && mosquitto_loop(client_, 0, 1) != MOSQ_ERR_SUCCESS && state_ == State::waiting) {
    close();
  }
  if (state_ == State::connected) return MqttResult::connected;
  if (state_ == State::waiting && Clock::now() < patient_until_) return MqttResult::pending;
  const bool answered = state_ == State::turned_away;
  close();
  if (!answered) return MqttResult::unreachable;
  // mosquitto answers a wrong password with the latter.
  const bool credentials =
      answer_ == CONNACK_REFUSED_BAD_USERNAME_PASSWORD || answer_ == CONNACK_REFUSED_NOT_AUTHORIZED;
  return credentials ? MqttResult::bad_credentials : MqttResult::refused;
}

void MosquittoTransport::open(const MqttConnect& options) {
  client_ = mosquitto_new(options.client_id, true, this);
  mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_username_pw_set(client_, options.username, options.password);
  mosquitto_will_set(client_, options.will_topic, static_cast<int>(std::strlen(options.will_payload)),
                     options.will_payload, kQos, true);
  mosquitto_connect_callback_set(
      client_, [](mosquitto*, void* self, int code) { static_cast<MosquittoTransport*>(self)->on_connect(code); });
  mosquitto_disconnect_callback_set(
      client_, [](mosquitto*, void* self, int) { static_cast<MosquittoTransport*>(self)->on_disconnect(); });
  mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message) {
    static_cast<MosquittoTransport*>(self)->on_message(*message);
  });
  state_ = State::waiting;
}

void MosquittoTransport::disconnect() {
  if (state_ == State::connected) {
    mosquitto_disconnect(client_);
    const auto deadline = Clock::now() + kFarewell;
    while (state_ == State::connected && Clock::now() < deadline) {
      if (mosquitto_loop(client_, static_cast<int>(left_until(deadline).count()), 1) != MOSQ_ERR_SUCCESS) break;
    }
  }
  close();
}

void MosquittoTransport::loop(MqttListener& listener) {
  if (state_ != State::connected) return;
  listener_ = &listener;
  mosquitto_loop(client_, 0, 1);  // its failure is told by on_disconnect
  listener_ = nullptr;
}

void MosquittoTransport::wait(milliseconds at_most) {
  const int socket = client_ == nullptr ? -1 : mosquitto_socket(client_);
  const bool sending = socket >= 0 && (state_ == State::waiting || mosquitto_want_write(client_));
  pollfd watched[] = {{stop_fd_, POLLIN, 0}, {socket, static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0}};
  poll(watched, 2, static_cast<int>(at_most.count()));
}

bool MosquittoTransport::subscribe(const char* filter) {
  return connected() && mosquitto_subscribe(client_, nullptr, filter, kQos) == MOSQ_ERR_SUCCESS;
}

bool MosquittoTransport::publish(const char* topic, std::string_view payload, bool retained) {
  return connected() && mosquitto_publish(client_, nullptr, topic, static_cast<int>(payload.size()), payload.data(), 0,
                                          retained) == MOSQ_ERR_SUCCESS;
}

bool MosquittoTransport::begin(const char* topic, std::size_t size, bool retained) {
  topic_ = topic;
  body_.clear();
  size_ = size;
  retained_ = retained;
  return connected();
}

void MosquittoTransport::write(std::string_view part) { body_ += part; }

// A size that was promised wrong would break the stream on the device; here it is caught.
bool MosquittoTransport::end() { return body_.size() == size_ && publish(topic_.c_str(), body_, retained_); }

void MosquittoTransport::close() {
  if (client_ != nullptr) mosquitto_destroy(client_);
  client_ = nullptr;
  state_ = State::none;
}

void MosquittoTransport::on_connect(int code) {
  state_ = code == CONNACK_ACCEPTED ? State::connected : State::turned_away;
  answer_ = code;
}

void MosquittoTransport::on_disconnect() {
  if (state_ == State::connected) state_ = State::none;
}

void MosquittoTransport::on_message(const mosquitto_message& message) {
  if (listener_ == nullptr) return;
  const auto* const payload = static_cast<const char*>(message.payload);
  listener_->on_message(message.topic, {payload, static_cast<std::size_t>(message.payloadlen)});
}

}  // namespace gauge
