#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "gauge/time.hpp"

namespace gauge {

// What is still to be done, and from when on. `Duty` is an enum of `Count` values from 0.
template <class Duty, std::size_t Count>
class Agenda {
 public:
  void put(Duty duty, Millis at) { due(duty) = at; }  // one that is there already is moved
  void drop(Duty duty) { due(duty).reset(); }
  bool has(Duty duty) const { return due_[static_cast<std::size_t>(duty)].has_value(); }

  // Whether it is due; then it is off the list.
  bool take(Duty duty, Millis now) {
    std::optional<Millis>& at = due(duty);
    if (!at || !reached(*at, now)) return false;
    at.reset();
    return true;
  }

 private:
  std::optional<Millis>& due(Duty duty) { return due_[static_cast<std::size_t>(duty)]; }

  std::array<std::optional<Millis>, Count> due_{};
};

}  // namespace gauge
