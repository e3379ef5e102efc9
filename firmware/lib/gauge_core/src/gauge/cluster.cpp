#include "gauge/cluster.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gauge {

namespace {

using contract::Dial;

constexpr Millis kLampsEveryMs = 20;
constexpr float kLongHoldMs = 10'000;  // of Button::progress

}  // namespace

Cluster::Cluster(const Coils& coils, Targets& targets, Kept& kept)
    : targets_(targets),
      kept_(kept),
      needles_{Needle(*coils[0], Dial::fuel_5h), Needle(*coils[1], Dial::tach), Needle(*coils[2], Dial::fuel_7d)} {}

void Cluster::start(const ClusterStart& how, Millis now) {
  ticked_at_ = now;
  lit_at_ = now - kLampsEveryMs;
  left_at_ = resting_steps(kept_);
  if (left_at_ && how.undisturbed) {
    for (std::size_t dial = 0; dial < needles_.size(); ++dial) needles_[dial].restore((*left_at_)[dial]);
    resting_ = true;
    return;
  }
  kept_ = Kept{};
  if (how.one_by_one) {
    unsought_ = 0;
    return;
  }
  for (std::size_t dial = 0; dial < needles_.size(); ++dial) find(dial);
  if (!how.quiet) self_test(now);
}

void Cluster::find(std::size_t dial) {
  if (left_at_) {
    needles_[dial].home_near((*left_at_)[dial]);
  } else {
    needles_[dial].home();
  }
}

void Cluster::tick(const ClusterInputs& inputs, Millis now) {
  press(inputs.button, now);
  obey(now);

  if (unsought_ < needles_.size() && (unsought_ == 0 || !needles_[unsought_ - 1].moving())) find(unsought_++);

  const Millis dt = since(ticked_at_, now);
  ticked_at_ = now;
  // Before any step: a reset in the middle of a swing must not find the places of before.
  keep_places();
  for (Needle& needle : needles_) needle.tick(dt);

  if (since(lit_at_, now) < kLampsEveryMs) return;
  lit_at_ = now;
  LampInputs shown{};
  shown.mask = targets_.lamps;
  shown.blinks = targets_.fresh ? std::uint8_t{0} : targets_.safe_mode ? kSafeModeBlinks : blinks(targets_.link);
  shown.portal = targets_.portal;
  shown.held = static_cast<Millis>(button_.progress(now) * kLongHoldMs);
  shown.brightness = night_.tick(targets_.brightness, inputs.ambient);
  levels_ = lamps_.tick(shown, now);
}

bool Cluster::moving() const {
  return unsought_ < needles_.size() ||
         std::any_of(needles_.begin(), needles_.end(), [](const Needle& needle) { return needle.moving(); });
}

std::optional<float> Cluster::angle_deg(Dial dial) const {
  return needles_[static_cast<std::size_t>(dial)].angle_deg();
}

void Cluster::obey(Millis now) {
  if (targets_.orders.take(Order::identify)) lamps_.identify(now);
  if (targets_.orders.take(Order::self_test)) self_test(now);
  if (targets_.orders.take(Order::home)) {
    for (Needle& needle : needles_) needle.home();
  }
  const bool fresh = targets_.fresh;
  for (std::size_t dial = 0; dial < needles_.size(); ++dial) {
    needles_[dial].set_trim(targets_.trims[dial]);
    needles_[dial].set_target(fresh ? targets_.needles[dial].load() : contract::kNeedleUnknown);
  }
}

void Cluster::press(bool down, Millis now) {
  switch (button_.update(down, now)) {
    case ButtonEvent::none:
      break;
    case ButtonEvent::press:
      self_test(now);
      targets_.gestures.raise(Gesture::press);
      break;
    case ButtonEvent::hold:
      targets_.gestures.raise(Gesture::set_up);
      break;
    case ButtonEvent::long_hold:
      targets_.gestures.raise(Gesture::factory_reset);
      break;
  }
}

void Cluster::self_test(Millis now) {
  lamps_.check(now);
  for (Needle& needle : needles_) needle.self_test();
}

void Cluster::keep_places() {
  const bool still = !moving();
  if (still == resting_) return;
  if (!still) {
    kept_ = Kept{};
    resting_ = false;
    return;
  }
  RestingSteps places{};
  for (std::size_t dial = 0; dial < needles_.size(); ++dial) {
    const auto step = needles_[dial].step();
    if (!step) return;
    places[dial] = *step;
  }
  kept_ = keep(places);
  resting_ = true;
}

}  // namespace gauge
