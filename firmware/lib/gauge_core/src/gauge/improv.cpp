#include "gauge/improv.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace gauge {
namespace {

// Types of packets,
constexpr std::uint8_t kState = 1;
constexpr std::uint8_t kFault = 2;
constexpr std::uint8_t kCommand = 3;
constexpr std::uint8_t kResult = 4;
// commands,
constexpr std::uint8_t kSetNetwork = 1;
constexpr std::uint8_t kTellState = 2;
constexpr std::uint8_t kTellDevice = 3;
constexpr std::uint8_t kScan = 4;
// and states.
constexpr char kReady = 2;
constexpr char kJoining = 3;
constexpr char kJoined = 4;

// A network that has not taken the device by then does not want it. The browser waits longer.
constexpr Millis kJoinMs = 30'000;
// The rest of a packet comes at once; what stays away never comes, and the line is the console's again.
constexpr Millis kRestMs = 1000;

std::uint8_t byte_of(char c) { return static_cast<std::uint8_t>(c); }

std::uint8_t sum_of(std::string_view bytes) {
  std::uint8_t sum = 0;
  for (const char c : bytes) sum = static_cast<std::uint8_t>(sum + byte_of(c));
  return sum;
}

// Takes a text with its length before it off the front. False: there is not as much.
bool take_text(std::string_view& rest, std::string_view& text) {
  if (rest.empty() || rest.size() - 1 < byte_of(rest.front())) return false;
  text = rest.substr(1, byte_of(rest.front()));
  rest.remove_prefix(1 + text.size());
  return true;
}

}  // namespace

bool Improv::take(std::uint8_t byte, bool first, Millis now) {
  if (size_ > 0 && since(heard_at_, now) > kRestMs) size_ = 0;
  heard_at_ = now;
  spilled_ = 0;
  if (size_ == 0 && !first) return false;
  if (size_ < kHeader.size() && byte != byte_of(kHeader[size_])) {
    spilled_ = size_;
    size_ = 0;
    return false;
  }
  packet_[size_++] = static_cast<char>(byte);
  if (size_ > kData && size_ == kData + byte_of(packet_[kData - 1]) + 1) {
    obey(now);
    size_ = 0;
  }
  return true;
}

void Improv::obey(Millis now) {
  const std::string_view packet{packet_.data(), size_};
  if (sum_of(packet.substr(0, size_ - 1)) != byte_of(packet.back())) return tell_fault(Fault::packet);
  if (byte_of(packet[kHeader.size()]) != kCommand) return;
  const std::string_view data = packet.substr(kData, size_ - kData - 1);
  if (data.size() < 2 || byte_of(data[1]) != data.size() - 2) return tell_fault(Fault::packet);
  switch (byte_of(data[0])) {
    case kSetNetwork:
      return join(data.substr(2), now);
    case kTellState:
      tell_state();
      if (connected_ && !joining_) result(kTellState, {url_.view()});
      return;
    case kTellDevice:
      return result(kTellDevice, {"claude-gauge", device_.version, "ESP32", name_});
    case kScan:
      if (!port_.scan()) scanned();
      return;
    default:
      return tell_fault(Fault::command);
  }
}

void Improv::join(std::string_view data, Millis now) {
  std::string_view name;
  std::string_view password;
  if (!take_text(data, name) || !take_text(data, password) || !data.empty()) return tell_fault(Fault::packet);
  if (joining_) port_.drop_network();
  joining_ = port_.try_network(name, password);
  if (!joining_) return tell_fault(Fault::network);
  joining_since_ = now;
  apart_ = false;
  tell_state();
}

void Improv::poll(bool connected, std::string_view url, Millis now) {
  connected_ = connected;
  url_ = Text<64>(url);
  if (!joining_) return;
  apart_ = apart_ || !connected;
  if (connected && apart_) {
    joining_ = false;
    port_.keep_network();
    tell_state();
    result(kSetNetwork, {url_.view()});
  } else if (since(joining_since_, now) >= kJoinMs) {
    joining_ = false;
    port_.drop_network();
    tell_state();
    tell_fault(Fault::network);
  }
}

void Improv::found(std::string_view name, std::int32_t rssi_dbm, bool with_password) {
  Text<11> rssi;
  rssi.add_number(rssi_dbm);
  result(kScan, {name, rssi.view(), with_password ? "YES" : "NO"});
}

void Improv::scanned() { result(kScan, {}); }

void Improv::tell_state() {
  const char state = joining_ ? kJoining : connected_ ? kJoined : kReady;
  send(kState, {&state, 1});
}

void Improv::tell_fault(Fault fault) {
  const char code = static_cast<char>(fault);
  send(kFault, {&code, 1});
}

void Improv::result(std::uint8_t command, std::initializer_list<std::string_view> texts) {
  Text<253> list;
  for (const std::string_view text : texts) {
    if (text.empty()) continue;
    const char size = static_cast<char>(text.size());
    list.add({&size, 1}).add(text);
  }
  const char head[] = {static_cast<char>(command), static_cast<char>(list.view().size())};
  Text<255> data;
  data.add({head, sizeof head}).add(list.view());
  send(kResult, data.view());
}

void Improv::send(std::uint8_t type, std::string_view data) {
  Text<kData + 256 + 1> packet;
  const char head[] = {static_cast<char>(type), static_cast<char>(data.size())};
  packet.add(kHeader).add({head, sizeof head}).add(data);
  const char end[] = {static_cast<char>(sum_of(packet.view())), '\n'};
  port_.write(packet.add({end, sizeof end}).view());
}

}  // namespace gauge
