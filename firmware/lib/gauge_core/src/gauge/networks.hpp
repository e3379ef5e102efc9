#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gauge/text.hpp"

namespace gauge {

// What a search for Wi-Fi found: each name once, at its strongest; the strongest first.
class Networks {
 public:
  struct Network {
    Text<32> name;
    std::int32_t rssi_dbm = 0;
    bool with_password = false;
  };

  void clear() { count_ = 0; }
  // A name that no setting could take is left out: hidden, too long, or with control characters. So is the weakest, if
  // there are more than fit.
  void add(std::string_view name, std::int32_t rssi_dbm, bool with_password);

  const Network* begin() const { return found_.data(); }
  const Network* end() const { return found_.data() + count_; }

 private:
  std::array<Network, 16> found_{};
  std::size_t count_ = 0;
};

}  // namespace gauge
