#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gauge/host.hpp"
#include "gauge/mqtt_transport.hpp"
#include "gauge/text.hpp"

namespace gauge {

// What Home Assistant's device triggers listen for on `<own base>/button`, not retained.
inline constexpr char kButtonTopic[] = "button";
inline constexpr char kShortPress[] = "short";
inline constexpr char kLongPress[] = "long";
// `ON` while the needles show what the publisher says.
inline constexpr char kFreshTopic[] = "fresh";
inline constexpr char kDiagTopic[] = "diag";

// claude_gauge_display/<id>/<below>
Topic own_topic(const Device& device, std::string_view below);

// Sends the one retained message that makes this device known to Home Assistant, without ever holding it whole, and
// never more of it than there is room for: it is longer than what a socket holds.
class DiscoverySender {
 public:
  enum class State : std::uint8_t { idle, sending, sent, failed };

  explicit DiscoverySender(const Device& device) : device_(device) {}

  State begin(MqttTransport& mqtt);
  // While it is sending: what there is room for, perhaps nothing.
  State go_on(MqttTransport& mqtt);
  void give_up() { state_ = State::idle; }  // the connection is gone
  State state() const { return state_; }
  bool sending() const { return state_ == State::sending; }
  std::size_t left() const { return size_ - sent_; }  // bytes, while it is sending

 private:
  const Device device_;
  State state_ = State::idle;
  std::size_t size_ = 0;
  std::size_t sent_ = 0;
};

}  // namespace gauge
