#include "simulator.hpp"

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

#include "trace.hpp"

namespace gauge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMovingTick{1}, kRestingTick{5};  // as on the device
constexpr Millis kPictureMs = 20;
constexpr milliseconds kNetworkTick{50};  // for its timers; a message wakes it at once
constexpr milliseconds kFarewell{800};
// Of a lamp that flashes or breathes, and of STALL between its groups of blinks.
constexpr Millis kLongestDark = 1100, kLongestPause = 3700;

// Where the needles happen to stand at power-on.
constexpr std::int32_t kFoundAtDeg[] = {40, 200, 310};

constexpr char kVersion[] = "simulator";

VirtualMotor motor(const Options& options, contract::Dial dial) {
  const auto index = static_cast<std::size_t>(dial);
  const std::int32_t steps_per_degree = options.driver == Driver::four_wire ? 3 : 12;
  const std::int32_t start = options.soft_start ? 0 : kFoundAtDeg[index] * steps_per_degree;
  return {contract::kDialNames[index], steps_per_degree, start, options.trace};
}

}  // namespace

Simulator::Simulator(const Options& options, Screen& screen, int stop_fd)
    : screen_(screen),
      stop_fd_(stop_fd),
      id_(options.id),
      wifi_(options.wifi),
      trace_(options.trace),
      settings_(options.settings),
      motors_{motor(options, contract::Dial::fuel_5h), motor(options, contract::Dial::tach),
              motor(options, contract::Dial::fuel_7d)},
      mqtt_(stop_fd) {
  if (options.soft_start) kept_ = keep({0, 0, 0});
}

int Simulator::run() {
  do {
    live();
  } while (restarting_ && !fault_);
  return end();
}

int Simulator::end() {
  screen_.close();
  if (!fault_) return 0;
  std::fprintf(stderr, "gauge_sim: %s\n", fault_->c_str());
  return kExitFault;
}

void Simulator::live() {
  over_ = restarting_ = false;
  Targets targets;
  Session session(mqtt_, *this, settings_, targets, {id_.c_str(), kVersion});
  Cluster cluster({&motors_[0], &motors_[1], &motors_[2]}, targets, kept_);
  auto network = std::async(std::launch::async, [this, &session] { network_task(session); });
  needle_task(cluster, targets);
  over_ = started_before_ = true;
  // It may be in the look-up of a host name, which nothing can interrupt.
  if (network.wait_for(kFarewell) == std::future_status::timeout) std::_Exit(end());
}

void Simulator::network_task(Session& session) {
  while (!stopping() && !over_ && !restarting_) {
    session.poll(wifi_, now());
    dropped_ = session.counters().dropped;
    reconnects_ = session.counters().reconnects;
    mqtt_.wait(kNetworkTick);
  }
  session.close();
  over_ = true;
}

void Simulator::needle_task(Cluster& cluster, const Targets& targets) {
  cluster.start({settings_.quiet_boot, true, false}, now());
  Millis drawn = now() - kPictureMs;
  while (!over_ && !stopping() && !fault_) {
    const Millis at = now();
    const bool rested = !cluster.moving();
    for (std::size_t dial = 0; dial < motors_.size(); ++dial) {
      motors_[dial].begin_tick(!cluster.angle_deg(static_cast<contract::Dial>(dial)), rested);
    }
    cluster.tick({}, at);
    if (rested == cluster.moving()) trace(trace_, rested ? "moving" : "resting");
    note_fault();
    if (since(drawn, at) >= kPictureMs) {
      screen_.show(picture(cluster, targets, at));
      drawn = at;
    }
    std::this_thread::sleep_until(started_ + milliseconds(at) + (cluster.moving() ? kMovingTick : kRestingTick));
  }
}

Picture Simulator::picture(const Cluster& cluster, const Targets& targets, Millis at) {
  Picture picture{};
  picture.at = at;
  picture.link = targets.link;
  picture.lamps = cluster.lamps();
  picture.played = targets.fresh ? targets.played.load() : std::uint8_t{0};
  picture.dropped = dropped_;
  picture.reconnects = reconnects_;
  for (std::size_t dial = 0; dial < motors_.size(); ++dial) {
    const VirtualMotor& motor = motors_[dial];
    const std::int16_t target = targets.fresh ? targets.needles[dial].load() : contract::kNeedleUnknown;
    picture.needles[dial] = {motor.steps(), motor.deg(), target, cluster.moving() && motor.stepped_lately()};
  }
  for (std::size_t lamp = 0; lamp < lit_at_.size(); ++lamp) {
    const bool counts = !targets.fresh && lamp == static_cast<std::size_t>(contract::Lamp::stall);
    if (picture.lamps[lamp] > 0) lit_at_[lamp] = at;
    if (lit_at_[lamp] && since(*lit_at_[lamp], at) >= (counts ? kLongestPause : kLongestDark)) lit_at_[lamp].reset();
    if (lit_at_[lamp]) picture.lit = static_cast<std::uint8_t>(picture.lit | 1U << lamp);
  }
  return picture;
}

void Simulator::note_fault() {
  for (const VirtualMotor& motor : motors_) {
    if (motor.fault()) fault_ = motor.fault();
  }
}

bool Simulator::stopping() const {
  pollfd stop{stop_fd_, POLLIN, 0};
  return poll(&stop, 1, 0) > 0;
}

Vitals Simulator::vitals() {
  Vitals vitals;
  vitals.uptime_s = now() / 1000;
  vitals.reset_reason = started_before_ ? "software" : "power_on";
  return vitals;
}

Millis Simulator::now() const {
  return static_cast<Millis>(std::chrono::duration_cast<milliseconds>(Clock::now() - started_).count());
}

}  // namespace gauge
