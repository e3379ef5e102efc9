// The network libraries as the shell meets them: they wait where the real ones wait, on hosts that behave as peers.hpp
// says. PubSubClient 2.8 and HTTPClient of arduino-esp32 2.0.14 wait by the byte, and so do these.

#include "arduino.hpp"

#include <ArduinoOTA.h>
#include <DNSServer.h>
#include <HTTPClient.h>
#include <PubSubClient.h>
#include <WiFi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "blocking.hpp"
#include "gauge/time.hpp"
#include "peers.hpp"
#include "script.hpp"
#include "usage_answer.hpp"
#include "wire.hpp"
#include "world.hpp"

using shell::Peer;
using shell::World;

namespace {

constexpr std::uint64_t kMs = 1000;
constexpr std::uint64_t kSpinUs = 50;  // of a loop without a pause
constexpr int kConnackBytes = 4, kPingBytes = 2, kLongBytes = 1000;
constexpr int kHeaderBytes = 120, kBodyBytes = 300;
constexpr std::uint32_t kBrokerAddress = 0x0100000a, kUsageAddress = 0x0200000a;

std::uint64_t now_us() { return World::get().now_us(); }

// What WiFiClient has inside. Two of them at most, told apart by their port.
struct Wire {
  std::uint16_t port = 0;
  bool up = false;
  std::uint64_t answer_at_us = 0;
  int due = 0;  // bytes of the answer, in all
  int taken = 0;

  Peer& peer() const { return shell::peers()[port]; }
  void expect(int bytes) {
    answer_at_us = now_us() + peer().first_byte_ms * kMs;
    due = bytes;
    taken = 0;
  }
  // A broker's packets, and a publisher's answer of which nobody reads a byte.
  std::uint8_t byte(int at) const {
    if (due == kConnackBytes) return at == 0 ? 0x20 : at == 1 ? 2 : 0;
    if (due == kPingBytes) return at == 0 ? 0xd0 : 0;
    constexpr int kBody = kLongBytes - 3;
    return at == 0 ? 0x30 : at == 1 ? (kBody & 0x7f) | 0x80 : at == 2 ? kBody >> 7 : 0;
  }
  int waiting() const {
    if (!up || now_us() < answer_at_us) return 0;
    if (peer().byte_ms == 0) return due - taken;
    const auto come = static_cast<int>((now_us() - answer_at_us) / (peer().byte_ms * kMs)) + 1;
    return std::min(come, due) - taken;
  }
};

std::map<const WiFiClient*, Wire>& wires() {
  static std::map<const WiFiClient*, Wire> wires;
  return wires;
}

// As PubSubClient::readByte.
std::optional<std::uint8_t> byte_of(Client& client) {
  auto& line = static_cast<WiFiClient&>(client);
  const std::uint64_t from = now_us();
  while (line.available() <= 0) {
    World::get().block(kSpinUs);
    if (now_us() - from >= gauge::blocking::kBrokerByteMs * kMs) return std::nullopt;
  }
  const int byte = line.read();
  return byte < 0 ? std::nullopt : std::optional<std::uint8_t>(static_cast<std::uint8_t>(byte));
}

// As PubSubClient::readPacket.
bool read_packet(Client& client) {
  if (!byte_of(client)) return false;
  std::size_t left = 0;
  for (int shift = 0;; shift += 7) {
    const auto digit = byte_of(client);
    if (!digit) return false;
    left |= static_cast<std::size_t>(*digit & 0x7fU) << shift;
    if ((*digit & 0x80U) == 0) break;
  }
  for (; left > 0; --left) {
    if (!byte_of(client)) return false;
  }
  return true;
}

}  // namespace

WiFiClass WiFi;
ArduinoOTAClass ArduinoOTA;

int WiFiClass::hostByName(const char* name, IPAddress& address) {
  const bool broker = std::strcmp(name, "broker") == 0;
  Peer& peer = shell::peers()[broker ? shell::kBrokerPort : shell::kUsagePort];
  ++peer.lookups;
  World::get().block(peer.lookup_ms * kMs);
  if (peer.known) address = broker ? kBrokerAddress : kUsageAddress;
  return peer.known ? 1 : 0;
}

int WiFiClient::connect(IPAddress, std::uint16_t port, std::int32_t timeout_ms) {
  Wire& wire = wires()[this];
  wire = Wire{};
  wire.port = port;
  Peer& peer = wire.peer();
  ++peer.calls;
  World::get().block(std::min<std::uint64_t>(peer.tcp_ms, static_cast<std::uint64_t>(timeout_ms)) * kMs);
  wire.up = peer.listens && peer.tcp_ms < static_cast<std::uint32_t>(timeout_ms);
  return wire.up ? 1 : 0;
}
int WiFiClient::available() { return wires()[this].waiting(); }
int WiFiClient::read() {
  Wire& wire = wires()[this];
  if (wire.waiting() <= 0) return -1;
  ++wire.taken;
  return 0;
}
int WiFiClient::read(std::uint8_t* buffer, std::size_t size) {
  Wire& wire = wires()[this];
  const int got = std::min(wire.waiting(), static_cast<int>(size));
  if (got <= 0) return -1;
  std::memset(buffer, 0, static_cast<std::size_t>(got));
  wire.taken += got;
  return got;
}
std::size_t WiFiClient::write(std::uint8_t letter) { return write(&letter, 1); }
std::size_t WiFiClient::write(const std::uint8_t*, std::size_t) { std::abort(); }  // it would wait
int WiFiClient::fd() const { return wires()[this].up ? wires()[this].port : -1; }
std::uint8_t WiFiClient::connected() { return wires()[this].up ? 1 : 0; }
void WiFiClient::stop() { wires()[this].up = false; }
IPAddress WiFiClient::localIP() const { return {}; }

wl_status_t WiFiClass::begin(const char*, const char*, std::int32_t, const std::uint8_t*, bool) { return WL_CONNECTED; }
bool WiFiClass::setAutoReconnect(bool) { return true; }
void WiFiClass::setScanMethod(wifi_scan_method_t) {}
void WiFiClass::setSortMethod(wifi_sort_method_t) {}
IPAddress WiFiClass::localIP() { return {}; }
wl_status_t WiFiClass::status() { return WL_CONNECTED; }
std::int8_t WiFiClass::RSSI() { return -60; }
bool WiFiClass::softAP(const char*, const char*, int, int, int, bool) { return true; }
bool WiFiClass::softAPdisconnect(bool) { return true; }
std::uint8_t WiFiClass::softAPgetStationNum() { return 1; }
IPAddress WiFiClass::softAPIP() { return {}; }
bool WiFiClass::disconnect(bool, bool) { return true; }
std::int16_t WiFiClass::scanNetworks(bool, bool, bool, std::uint32_t, std::uint8_t, const char*, const std::uint8_t*) {
  ++shell::searches().asked;
  if (now_us() < shell::searches().busy_ms * kMs) return WIFI_SCAN_FAILED;
  ++shell::searches().begun;
  return WIFI_SCAN_RUNNING;
}
std::int16_t WiFiClass::scanComplete() { return 0; }
void WiFiClass::scanDelete() {}
String WiFiClass::SSID(std::uint8_t) { return {}; }
std::int32_t WiFiClass::RSSI(std::uint8_t) { return 0; }
wifi_auth_mode_t WiFiClass::encryptionType(std::uint8_t) { return WIFI_AUTH_OPEN; }
void WiFiClass::persistent(bool) {}
bool WiFiClass::mode(wifi_mode_t) { return true; }
bool WiFiClass::setSleep(bool) { return true; }
bool WiFiClass::setHostname(const char*) { return true; }

DNSServer::DNSServer() = default;
void DNSServer::processNextRequest() {}
bool DNSServer::start(const std::uint16_t&, const String&, const IPAddress&) { return true; }
void DNSServer::stop() {}

ArduinoOTAClass& ArduinoOTAClass::setHostname(const char*) { return *this; }
ArduinoOTAClass& ArduinoOTAClass::setPassword(const char*) { return *this; }
ArduinoOTAClass& ArduinoOTAClass::onError(THandlerFunction_Error) { return *this; }
ArduinoOTAClass& ArduinoOTAClass::onProgress(THandlerFunction_Progress) { return *this; }
void ArduinoOTAClass::begin() {}
void ArduinoOTAClass::handle() {}

// PubSubClient 2.8.
namespace {
Client* of_broker = nullptr;
int mqtt_state = -1;
std::uint16_t buffer_size = 256;
std::uint64_t last_out_us = 0;
bool pinged = false;  // and not answered yet
WiFiClient& line() { return static_cast<WiFiClient&>(*of_broker); }
bool say(std::size_t size) {
  static std::uint8_t packet[2048];
  last_out_us = now_us();
  ++shell::peers()[shell::kBrokerPort].packets;
  return line().write(packet, std::min(size, sizeof packet)) == size;
}
}  // namespace

PubSubClient::PubSubClient(Client& client) { of_broker = &client; }
PubSubClient& PubSubClient::setServer(IPAddress, std::uint16_t) { return *this; }
PubSubClient& PubSubClient::setCallback(std::function<void(char*, std::uint8_t*, unsigned int)>) { return *this; }
PubSubClient& PubSubClient::setKeepAlive(std::uint16_t) { return *this; }
PubSubClient& PubSubClient::setSocketTimeout(std::uint16_t) { return *this; }
boolean PubSubClient::setBufferSize(std::uint16_t size) {
  buffer_size = size;
  return true;
}
std::uint16_t PubSubClient::getBufferSize() { return buffer_size; }
boolean PubSubClient::connect(const char*, const char*, const char*, const char*, std::uint8_t, boolean, const char*,
                              boolean) {
  if (connected()) return true;
  if (line().connected() == 0) std::abort();  // it would look the name up by itself
  wires()[&line()].expect(kConnackBytes);
  say(80);
  if (!read_packet(line())) {
    mqtt_state = -4;
    line().stop();
    return false;
  }
  pinged = false;
  mqtt_state = MQTT_CONNECTED;
  return true;
}
void PubSubClient::disconnect() {
  if (line().connected() != 0) say(2);
  mqtt_state = -1;
  line().stop();
}
boolean PubSubClient::publish(const char*, const std::uint8_t*, unsigned int length, boolean) {
  return connected() && say(length + 60);
}
boolean PubSubClient::beginPublish(const char*, unsigned int, boolean) { return connected() && say(60); }
int PubSubClient::endPublish() { return 1; }
std::size_t PubSubClient::write(std::uint8_t letter) { return write(&letter, 1); }
std::size_t PubSubClient::write(const std::uint8_t*, std::size_t size) { return say(size) ? size : 0; }
boolean PubSubClient::subscribe(const char*, std::uint8_t) { return connected() && say(60); }
boolean PubSubClient::loop() {
  if (!connected()) return false;
  if (now_us() - last_out_us > 30'000 * kMs) {
    if (pinged) {
      mqtt_state = -4;
      line().stop();
      return false;
    }
    pinged = true;
    wires()[&line()].expect(shell::peers()[shell::kBrokerPort].byte_ms > 0 ? kLongBytes : kPingBytes);
    say(2);
  }
  if (line().available() > 0 && read_packet(line())) pinged = false;
  return connected();
}
boolean PubSubClient::connected() { return mqtt_state == MQTT_CONNECTED && line().connected() != 0; }
int PubSubClient::state() { return mqtt_state; }

// HTTPClient.
namespace {
WiFiClient* of_usage = nullptr;
}
bool HTTPClient::begin(WiFiClient& client, String) {
  of_usage = &client;
  return true;
}
void HTTPClient::end() {}
void HTTPClient::setReuse(bool) {}
void HTTPClient::setTimeout(std::uint16_t) {}
int HTTPClient::GET() {
  if (of_usage->connected() == 0) std::abort();  // it would look the name up by itself
  std::uint8_t request[200] = {};
  if (of_usage->write(request, sizeof request) != sizeof request) return -2;
  wires()[of_usage].expect(kHeaderBytes + kBodyBytes);
  std::uint64_t heard_us = now_us();
  for (int taken = 0; taken < kHeaderBytes;) {
    if (of_usage->connected() == 0) return -5;
    if (of_usage->available() > 0 && of_usage->read() >= 0) {
      ++taken;
      heard_us = now_us();
    } else if (now_us() - heard_us > gauge::blocking::kUsageByteMs * kMs) {
      return -11;
    } else {
      World::get().block(10 * kMs);
    }
  }
  return HTTP_CODE_OK;
}
int HTTPClient::getSize() { return kBodyBytes; }

namespace gauge {

// A port stands for its socket.
bool wire::has_room(int socket) {
  const Peer& peer = shell::peers()[static_cast<std::uint16_t>(socket)];
  return socket >= 0 && peer.packets < peer.deaf_after;
}
std::optional<std::size_t> wire::send_now(int socket, const std::uint8_t*, std::size_t size) {
  if (socket < 0) return std::nullopt;
  const auto port = static_cast<std::uint16_t>(socket);
  const Peer& peer = shell::peers()[port];
  if (peer.packets > std::min(peer.deaf_after, peer.full_after)) return 0;
  if (peer.write_ms == 0) return size;
  // Each write finds its room so late.
  static std::map<std::uint16_t, std::uint64_t> room_at_us;
  std::uint64_t& at_us = room_at_us[port];
  if (at_us == 0) at_us = now_us() + peer.write_ms * kMs;
  if (now_us() < at_us) return 0;
  at_us = 0;
  return size;
}

std::size_t wire::receive_now(int, std::uint8_t* bytes, std::size_t size) {
  // The broker's: who asks a publisher reads by Arduino's own.
  for (auto& [client, wire] : wires()) {
    if (wire.port != shell::kBrokerPort) continue;
    const auto got = static_cast<std::size_t>(std::max(0, std::min(wire.waiting(), static_cast<int>(size))));
    for (std::size_t at = 0; at < got; ++at) bytes[at] = wire.byte(wire.taken + static_cast<int>(at));
    wire.taken += static_cast<int>(got);
    return got;
  }
  return 0;
}

void tell_usage(char*, std::size_t, Session& session) {
  static char changing[] = "2026-11-28T12:00:00Z";
  changing[18] = changing[18] == '0' ? '1' : '0';
  Usage usage;
  usage.needles = {100, 200, 300};
  usage.updated_at = changing;
  session.on_usage(usage, static_cast<Millis>(now_us() / kMs));
}

}  // namespace gauge
