#pragma once

#include "arduino.hpp"

#include <PubSubClient.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "errand.hpp"
#include "gauge/mqtt_transport.hpp"
#include "lookup.hpp"
#include "packet_line.hpp"

namespace gauge {

// The broker by PubSubClient 2.8. Its fork pubsubclient3 has the same header and would fit as well.
class PubSubTransport final : public MqttTransport {
 public:
  PubSubTransport();
  PubSubTransport(const PubSubTransport&) = delete;
  PubSubTransport& operator=(const PubSubTransport&) = delete;

  void dial(const MqttConnect& options) override;
  MqttResult dialled() override;
  bool connected() override { return client_.connected(); }
  void disconnect() override;
  void loop(MqttListener& listener) override;
  bool has_room() override { return socket_.has_room(); }
  bool subscribe(const char* filter) override { return client_.subscribe(filter, 1); }
  bool publish(const char* topic, std::string_view payload, bool retained) override;
  bool begin(const char* topic, std::size_t size, bool retained) override;
  void write(std::string_view part) override;
  bool end() override;

 private:
  // Longer packets PubSubClient drops without a word. Ours are far shorter, save what begin() to end() stream.
  static constexpr std::uint16_t kBufferBytes = 1024;
  static constexpr int kPacketsAtOnce = 16;

  // What the errand is sent with.
  struct Call {
    std::array<char, 65> host;
    std::array<char, 65> username;
    std::array<char, 65> password;
    std::array<char, 65> client_id;
    std::array<char, 128> will_topic;
    std::array<char, 16> will_payload;
    std::uint16_t port;
    std::uint16_t keepalive_s;
  };

  MqttResult call();
  void hang_up();

  PacketLine socket_;
  PubSubClient client_;
  MqttListener* listener_ = nullptr;  // during loop() only
  Call call_{};
  Lookup lookup_;
  MqttResult result_ = MqttResult::unreachable;
  std::size_t promised_ = 0;  // bytes of a message that is begun, and not written yet
  bool begun_ = false;
  // The session calls nothing else while the errand is under way, so that sockets and client are its own.
  Errand errand_{Task::broker, 5120, [this] { result_ = call(); }};
};

}  // namespace gauge
