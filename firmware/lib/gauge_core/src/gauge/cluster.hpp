#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "gauge/button.hpp"
#include "gauge/coil_driver.hpp"
#include "gauge/contract.hpp"
#include "gauge/kept.hpp"
#include "gauge/lamps.hpp"
#include "gauge/needle.hpp"
#include "gauge/night.hpp"
#include "gauge/targets.hpp"
#include "gauge/time.hpp"

namespace gauge {

struct ClusterInputs {
  bool button = false;                    // pressed
  std::int16_t ambient = kNoLightSensor;  // 0..4095, more is brighter
};

// How a cluster begins.
struct ClusterStart {
  bool quiet = false;        // without lamp check and sweep
  bool undisturbed = false;  // nothing can have moved a needle since `kept` was written
  bool one_by_one = false;   // after a brown-out, to spare the supply; so without check and sweep
};

// The needle task's whole side: three needles, seven lamps, one button. Its only tie to the network task is `Targets`.
class Cluster {
 public:
  using Coils = std::array<CoilDriver*, contract::kDialNames.size()>;

  // `kept` lies in memory that a soft reset leaves alone.
  Cluster(const Coils& coils, Targets& targets, Kept& kept);

  // Before the first tick. Undisturbed, the kept places are believed and nothing moves. Else the needles look for their
  // stops, from the kept places if there are any, while the lamps are checked, and sweep once.
  void start(const ClusterStart& how, Millis now);
  // Once a millisecond while moving(), else at least every 5 ms.
  void tick(const ClusterInputs& inputs, Millis now);

  bool moving() const;
  const LampLevels& lamps() const { return levels_; }  // new every 20 ms
  std::optional<float> angle_deg(contract::Dial dial) const;

 private:
  void find(std::size_t dial);
  void obey(Millis now);
  void press(bool down, Millis now);
  void self_test(Millis now);
  void keep_places();

  Targets& targets_;
  Kept& kept_;
  std::array<Needle, contract::kDialNames.size()> needles_;
  Lamps lamps_;
  Night night_;
  Button button_;
  LampLevels levels_{};
  std::optional<RestingSteps> left_at_;                 // where the needles were left, before they are found
  std::size_t unsought_ = contract::kDialNames.size();  // the first needle that nobody looks for yet
  bool resting_ = false;                                // `kept_` says where
  Millis ticked_at_ = 0;
  Millis lit_at_ = 0;
};

}  // namespace gauge
