#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string>

#include "gauge/cluster.hpp"
#include "gauge/host.hpp"
#include "gauge/kept.hpp"
#include "gauge/session.hpp"
#include "gauge/settings.hpp"
#include "gauge/targets.hpp"
#include "mosquitto_transport.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "virtual_motor.hpp"

namespace gauge {

// The device: motors and lamps that exist in memory only, the firmware's two tasks as two threads, the real clock.
class Simulator final : private Host {
 public:
  Simulator(const Options& options, Screen& screen, int stop_fd);

  // Until `stop_fd` is readable, or a motor is asked for what it cannot do, which is told on stderr. The exit code.
  int run();

 private:
  using Clock = std::chrono::steady_clock;

  Vitals vitals() override;
  std::uint32_t random() override { return random_(); }
  void save(const Settings&) override {}  // they last as long as the program
  void restart() override { restarting_ = true; }
  void log(const char* line) override { screen_.log(line); }

  void live();  // from a start of the firmware to its end or restart
  void network_task(Session& session);
  void needle_task(Cluster& cluster, const Targets& targets);
  Picture picture(const Cluster& cluster, const Targets& targets, Millis at);
  void note_fault();
  int end();
  bool stopping() const;
  Millis now() const;

  Screen& screen_;
  const int stop_fd_;
  const std::string id_;
  const bool wifi_;
  std::FILE* const trace_;
  const Clock::time_point started_ = Clock::now();
  std::random_device random_;

  // What a soft reset leaves as it is.
  Settings settings_;
  Kept kept_{};
  std::array<VirtualMotor, contract::kDialNames.size()> motors_;
  bool started_before_ = false;

  MosquittoTransport mqtt_;
  std::atomic<bool> over_{false}, restarting_{false};
  std::atomic<std::uint32_t> dropped_{0}, reconnects_{0};
  std::array<std::optional<Millis>, contract::kLampNames.size()> lit_at_{};
  std::optional<std::string> fault_;
};

}  // namespace gauge
