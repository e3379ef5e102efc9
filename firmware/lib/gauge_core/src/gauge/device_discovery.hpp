#pragma once

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

// Publishes the one retained message that makes this device known to Home Assistant, without ever holding it whole.
// False: it was not sent.
bool publish_discovery(MqttTransport& mqtt, const Device& device);

}  // namespace gauge
