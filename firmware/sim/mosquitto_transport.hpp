#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "gauge/mqtt_transport.hpp"

struct mosquitto;
struct mosquitto_message;

namespace gauge {

// The broker by libmosquitto, MQTT 3.1.1 as PubSubClient speaks it. Nothing blocks longer than until `stop_fd` becomes
// readable, save the look-up of a host name.
class MosquittoTransport final : public MqttTransport {
 public:
  explicit MosquittoTransport(int stop_fd);
  MosquittoTransport(const MosquittoTransport&) = delete;
  MosquittoTransport& operator=(const MosquittoTransport&) = delete;
  ~MosquittoTransport() override;

  void dial(const MqttConnect& options) override;
  MqttResult dialled() override;
  bool connected() override { return state_ == State::connected; }
  void disconnect() override;
  void loop(MqttListener& listener) override;
  bool has_room() override { return true; }  // libmosquitto keeps what cannot be sent yet
  bool subscribe(const char* filter) override;
  bool publish(const char* topic, std::string_view payload, bool retained) override;
  bool begin(const char* topic, std::size_t size, bool retained) override;
  void write(std::string_view part) override;
  bool end() override;

  // Sleeps until there is something for `loop()`, `stop_fd` is readable, or the time is over.
  void wait(std::chrono::milliseconds at_most);

 private:
  enum class State { none, waiting, connected, turned_away };

  void open(const MqttConnect& options);
  void close();
  void on_connect(int code);
  void on_disconnect();
  void on_message(const mosquitto_message& message);

  const int stop_fd_;
  mosquitto* client_ = nullptr;
  MqttListener* listener_ = nullptr;  // during loop() only
  State state_ = State::none;
  std::chrono::steady_clock::time_point patient_until_;  // while waiting
  int answer_ = 0;                                       // the return code of its CONNACK
  std::string topic_, body_;                             // between begin() and end()
  std::size_t size_ = 0;
  bool retained_ = false;
};

}  // namespace gauge
