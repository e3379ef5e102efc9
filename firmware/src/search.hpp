#pragma once

#include "gauge/networks.hpp"

namespace gauge {

// A search for Wi-Fi networks, which takes some seconds and nobody's time.
class Search {
 public:
  bool begin();  // false: the radio cannot now
  void poll();
  bool running() const { return running_; }
  const Networks& networks() const { return networks_; }  // of the last one

 private:
  Networks networks_;
  bool running_ = false;
};

}  // namespace gauge
