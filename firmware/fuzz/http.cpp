// Whatever comes in by a socket, in whatever pieces, a request is refused or what it says lies within it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gauge/http_request.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gauge::HttpRequest;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = size == 0 ? 1 : data[0] % 64 + 1;
  HttpRequest whole;
  HttpRequest cut;
  whole.add(text);
  for (std::size_t at = 0; at < size; at += piece) cut.add(text.substr(at, piece));
  require(whole.state() == cut.state());
  if (whole.state() != HttpRequest::State::whole) return 0;
  require(whole.body() == cut.body());
  require(whole.body().empty() || text.find(whole.body()) != std::string_view::npos);
  whole.header("content-length");
  gauge::Text<128> value;
  if (gauge::form_value(whole.body(), "wifi_ssid", value) && value.fits()) require(value.view().size() <= 128);
  return 0;
}
