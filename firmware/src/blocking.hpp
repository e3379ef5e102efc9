#pragma once

#include "gauge/time.hpp"

// How long the calls that wait may wait, as the libraries have it, and what that adds up to between two feeds of the
// watchdog. Every wait of the shell is listed here; test/shell/ runs each of them to its end on the host.
namespace gauge::blocking {

inline constexpr Millis kResolveMs = 15'000;    // WiFi.hostByName
inline constexpr Millis kBrokerTcpMs = 3'000;   // WiFiClient::connect, as we ask it
inline constexpr Millis kUsageTcpMs = 1'000;    //
inline constexpr Millis kBrokerByteMs = 3'000;  // PubSubClient, for each byte: setSocketTimeout
inline constexpr Millis kUsageByteMs = 1'000;   // HTTPClient: setTimeout
inline constexpr Millis kWriteMs = 500;         // for room to write, in a whole turn: ours, see line.cpp
inline constexpr Millis kConnackMs = 3'000;     // what a broker has, whole, to answer a CONNECT
inline constexpr Millis kAnswerMs = 3'000;      // what a publisher has, whole, to answer GET /usage
inline constexpr Millis kTurnMs = 5'000;        // what one poll of the session may begin to send and receive in
inline constexpr Millis kLastWordsMs = 500;     // before a restart
inline constexpr Millis kFlashMs = 450;         // settings saved, with a sector to be erased: 400 at most
inline constexpr Millis kPortalMs = 1'000;      // who is on the set-up page gets an answer within this

inline constexpr Millis kWatchdogMs = 30'000;

constexpr Millis longer(Millis left, Millis right) { return left > right ? left : right; }

// A poll of the network task. A call begins within the turn and then waits at most as long as it may.
inline constexpr Millis kPollMs = kTurnMs + longer(kWriteMs, kBrokerByteMs) + kFlashMs + kLastWordsMs;
// The two errands, which feed the watchdog between the name and the rest.
inline constexpr Millis kBrokerMs = kBrokerTcpMs + kConnackMs + longer(kWriteMs, kBrokerByteMs);
inline constexpr Millis kUsageMs = kUsageTcpMs + kAnswerMs + longer(kWriteMs, kUsageByteMs);

// A broker that stops reading, and the flash at the same time. One that stops in the middle of what it sends is waited
// for only by byte, as listed above, if the packet is longer than what PacketLine keeps.
static_assert(kWriteMs + kFlashMs < kPortalMs, "the set-up page would wait for a broker that does not read");

static_assert(kPollMs < kWatchdogMs && kResolveMs < kWatchdogMs && kBrokerMs < kWatchdogMs && kUsageMs < kWatchdogMs,
              "the watchdog would bite a task that only waits");

}  // namespace gauge::blocking
