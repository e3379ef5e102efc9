#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauge {

struct MqttConnect {
  const char* host;
  std::uint16_t port;
  const char* client_id;
  const char* username;  // nullptr: none
  const char* password;  // nullptr: none
  const char* will_topic;
  const char* will_payload;  // retained, QoS 1
  std::uint16_t keepalive_s;
};

// `pending`: it is not known yet.
enum class MqttResult : std::uint8_t { pending, connected, unreachable, bad_credentials, refused };

// Called from within `MqttTransport::loop()`. Both views are valid during the call only, and hold whatever was sent.
class MqttListener {
 public:
  virtual void on_message(std::string_view topic, std::string_view payload) = 0;

 protected:
  ~MqttListener() = default;
};

// The one way to a broker: PubSubClient on the ESP32, libmosquitto in the simulator. Not thread-safe.
class MqttTransport {
 public:
  virtual ~MqttTransport() = default;

  // Begins to connect, a clean session; takes copies of `options`. A look-up of a name may take 15 s, so it goes on
  // beside the caller. Nothing else may be called until dialled() knows more.
  virtual void dial(const MqttConnect& options) = 0;
  virtual MqttResult dialled() = 0;  // how it went; does not wait
  virtual bool connected() = 0;
  virtual void disconnect() = 0;
  // Sends and receives what is due; does not wait for anything.
  virtual void loop(MqttListener& listener) = 0;

  // Whether what is sent now, up to 2 kB, waits for nobody: a broker that stops reading has no room.
  virtual bool has_room() = 0;
  virtual bool subscribe(const char* filter) = 0;  // QoS 1
  // QoS 0. False: it was not sent, since it does not fit or the connection is gone.
  virtual bool publish(const char* topic, std::string_view payload, bool retained) = 0;
  // For what does not fit into a buffer: exactly `size` bytes are written in between, in as many turns as it takes.
  // Until end() nothing else may be sent, and loop() not be called, since it answers what it receives.
  virtual bool begin(const char* topic, std::size_t size, bool retained) = 0;
  virtual void write(std::string_view part) = 0;
  virtual bool end() = 0;
};

}  // namespace gauge
