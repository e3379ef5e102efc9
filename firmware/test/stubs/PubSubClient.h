// In the shape of PubSubClient.h: knolleary/pubsubclient 2.8.
#pragma once

#include <Arduino.h>

#include <cstddef>
#include <cstdint>
#include <functional>

#define MQTT_CONNECTED 0
#define MQTT_CONNECT_BAD_PROTOCOL 1
#define MQTT_CONNECT_BAD_CLIENT_ID 2
#define MQTT_CONNECT_UNAVAILABLE 3
#define MQTT_CONNECT_BAD_CREDENTIALS 4
#define MQTT_CONNECT_UNAUTHORIZED 5

class PubSubClient : public Print {
 public:
  PubSubClient(Client& client);
  PubSubClient& setServer(IPAddress ip, std::uint16_t port);
  PubSubClient& setCallback(std::function<void(char*, std::uint8_t*, unsigned int)> callback);
  PubSubClient& setKeepAlive(std::uint16_t seconds);
  PubSubClient& setSocketTimeout(std::uint16_t seconds);
  boolean setBufferSize(std::uint16_t size);
  std::uint16_t getBufferSize();
  boolean connect(const char* id, const char* user, const char* pass, const char* will_topic, std::uint8_t will_qos,
                  boolean will_retain, const char* will_message, boolean clean_session);
  void disconnect();
  boolean publish(const char* topic, const std::uint8_t* payload, unsigned int length, boolean retained);
  boolean beginPublish(const char* topic, unsigned int length, boolean retained);
  int endPublish();
  std::size_t write(std::uint8_t byte) override;
  std::size_t write(const std::uint8_t* buffer, std::size_t size) override;
  boolean subscribe(const char* topic, std::uint8_t qos);
  boolean loop();
  boolean connected();
  int state();
};
