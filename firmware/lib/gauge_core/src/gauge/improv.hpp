#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "gauge/host.hpp"
#include "gauge/text.hpp"
#include "gauge/time.hpp"

namespace gauge {

// What Improv needs of the machine: its serial line and its radio.
class ImprovPort {
 public:
  virtual ~ImprovPort() = default;

  virtual void write(std::string_view packet) = 0;
  // Answered by Improv::found() and scanned(). False: the radio cannot search now.
  virtual bool scan() = 0;
  // Tries this network in place of the one that is set, without keeping it. False: it can be none.
  virtual bool try_network(std::string_view name, std::string_view password) = 0;
  virtual void keep_network() = 0;
  virtual void drop_network() = 0;  // and goes back to the one before
};

// Wi-Fi settings over the serial line, as a browser sends them after it has installed the firmware: Improv Wi-Fi by
// serial, version 1, https://www.improv-wifi.com/serial/. The same line carries the console's text.
class Improv {
 public:
  Improv(ImprovPort& port, const Device& device, const char* name) : port_(port), device_(device), name_(name) {}

  // A byte of the line; `first`: of a line of text, where alone a packet begins. False: it is text, and so is what
  // spilled() holds, which looked like the beginning of a packet.
  bool take(std::uint8_t byte, bool first, Millis now);
  std::string_view spilled() const { return kHeader.substr(0, spilled_); }

  // `url`: where the device's own page is, "" if nowhere.
  void poll(bool connected, std::string_view url, Millis now);

  void found(std::string_view name, std::int32_t rssi_dbm, bool with_password);
  void scanned();

 private:
  enum class Fault : std::uint8_t { packet = 1, command = 2, network = 3 };
  static constexpr std::string_view kHeader{"IMPROV\x01"};
  static constexpr std::size_t kData = kHeader.size() + 2;  // after type and length

  void obey(Millis now);
  void join(std::string_view data, Millis now);
  void tell_state();
  void tell_fault(Fault fault);
  void result(std::uint8_t command, std::initializer_list<std::string_view> texts);
  void send(std::uint8_t type, std::string_view data);

  ImprovPort& port_;
  const Device& device_;
  const char* const name_;

  std::array<char, kData + 256> packet_{};
  std::size_t size_ = 0;
  std::size_t spilled_ = 0;
  Millis heard_at_ = 0;

  bool connected_ = false;
  Text<64> url_;
  bool joining_ = false;
  bool apart_ = false;  // it has left the network of before
  Millis joining_since_ = 0;
};

}  // namespace gauge
