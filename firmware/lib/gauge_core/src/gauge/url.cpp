#include "gauge/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace gauge {

UrlPlace url_place(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::uint16_t kHttpPort = 80;
  if (url.substr(0, kScheme.size()) != kScheme) return {{}, kHttpPort};
  url.remove_prefix(kScheme.size());
  std::string_view place = url.substr(0, std::min(url.find('/'), url.size()));
  if (const std::size_t at = place.rfind('@'); at != std::string_view::npos) place.remove_prefix(at + 1);
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return {place, kHttpPort};
  const std::string_view digits = place.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return {{}, kHttpPort};
  return {place.substr(0, colon), port};
}

}  // namespace gauge
