#pragma once

#include <array>
#include <cstdint>

#include "gauge/host.hpp"

namespace gauge {

// The ESP32 as the session sees it.
class Machine final : public Host {
 public:
  Vitals vitals() override;
  std::uint32_t random() override;
  void save(const Settings& settings) override;
  void restart() override { restarting_ = true; }
  void log(const char* line) override;

  bool restarting() const { return restarting_; }

 private:
  std::array<char, 16> ip_{};
  bool restarting_ = false;
};

}  // namespace gauge
