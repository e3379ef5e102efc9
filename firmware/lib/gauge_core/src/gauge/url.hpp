#pragma once

#include <cstdint>
#include <string_view>

namespace gauge {

// Where to connect for an address like `http://desk:8080/usage`. The host lies in `url`; "" if there is none.
struct UrlPlace {
  std::string_view host;
  std::uint16_t port;
};
UrlPlace url_place(std::string_view url);

}  // namespace gauge
