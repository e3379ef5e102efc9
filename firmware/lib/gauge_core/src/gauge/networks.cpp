#include "gauge/networks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauge {

void Networks::add(std::string_view name, std::int32_t rssi_dbm, bool with_password) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  Network network{Text<32>(name), rssi_dbm, with_password};
  if (name.empty() || !network.name.fits() || std::any_of(name.begin(), name.end(), is_control)) return;
  const auto first = found_.begin();
  auto last = first + static_cast<std::ptrdiff_t>(count_);
  const auto same = std::find_if(first, last, [&](const Network& known) { return known.name.view() == name; });
  if (same != last) {
    if (same->rssi_dbm >= rssi_dbm) return;
    std::copy(same + 1, last, same);
    --last;
  } else if (count_ < found_.size()) {
    ++count_;
  } else {
    --last;
    if (last->rssi_dbm >= rssi_dbm) return;
  }
  const auto weaker = std::find_if(first, last, [&](const Network& known) { return known.rssi_dbm < rssi_dbm; });
  std::copy_backward(weaker, last, last + 1);
  *weaker = network;
}

}  // namespace gauge
