#pragma once

#include "arduino.hpp"

#include <PubSubClient.h>
#include <WiFi.h>

#include <array>
#include <cstddef>

#include "gauge/mqtt_transport.hpp"

namespace gauge {

// The broker by PubSubClient 2.8. Its fork pubsubclient3 has the same header and would fit as well.
class PubSubTransport final : public MqttTransport {
 public:
  PubSubTransport();
  PubSubTransport(const PubSubTransport&) = delete;
  PubSubTransport& operator=(const PubSubTransport&) = delete;

  MqttResult connect(const MqttConnect& options) override;
  bool connected() override { return client_.connected(); }
  void disconnect() override { client_.disconnect(); }
  void loop(MqttListener& listener) override;
  bool subscribe(const char* filter) override { return client_.subscribe(filter, 1); }
  bool publish(const char* topic, std::string_view payload, bool retained) override;
  bool begin(const char* topic, std::size_t size, bool retained) override;
  void write(std::string_view part) override;
  bool end() override;

 private:
  // Longer packets PubSubClient drops without a word. Ours are far shorter, save what begin() to end() stream.
  static constexpr std::uint16_t kBufferBytes = 1024;
  static constexpr std::uint16_t kSocketTimeoutS = 3;
  static constexpr int kPacketsAtOnce = 16;

  void flush();

  WiFiClient socket_;
  PubSubClient client_;
  MqttListener* listener_ = nullptr;  // during loop() only
  std::array<char, 65> host_{};       // PubSubClient keeps a pointer to it
  std::array<char, 512> chunk_{};     // between begin() and end(): a segment for each word would be slow
  std::size_t chunked_ = 0;
  std::size_t promised_ = 0;
  bool whole_ = false;
};

}  // namespace gauge
