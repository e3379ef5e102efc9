// Whatever comes to the set-up page: who has no password changes nothing and learns nothing, and what is answered is
// whole.

#include "gauge/portal_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "gauge/http_request.hpp"
#include "gauge/networks.hpp"
#include "gauge/settings.hpp"
#include "gauge/text.hpp"
#include "require.hpp"

namespace {

constexpr char kSecret[] = "swordfish";
constexpr char kPassword[] = "4a8bku7h3p";
constexpr gauge::Device kDevice{"a1b2c3d4e5f6", "1.2.3"};

bool same(const gauge::Settings& left, const gauge::Settings& right) {
  return gauge::store(left) == gauge::store(right);
}

bool ends_each_text(const gauge::Settings& settings) {
  for (const gauge::Setting& setting : gauge::kSettings) {
    if (!gauge::show(settings, setting.key).fits()) return false;
  }
  return std::memchr(settings.wifi_ssid, 0, sizeof settings.wifi_ssid) != nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool from_set_up = size > 0 && (data[0] & 1U) != 0;
  if (size > 0) ++data, --size;
  gauge::Settings settings;
  gauge::set(settings, "wifi_password", kSecret);
  gauge::set(settings, "broker_host", "desk");
  const gauge::Settings before = settings;
  gauge::Networks networks;
  networks.add("My net", -61, true);
  gauge::PortalPages pages(settings, kDevice, "claude-gauge-d4e5f6", networks,
                           [](const gauge::Settings&) { return true; });
  pages.set_password(kPassword);
  pages.set_trouble("the broker cannot be reached");

  gauge::HttpRequest request;
  request.add({reinterpret_cast<const char*>(data), size});
  gauge::HttpAnswer answer;
  answer.clear();
  pages.answer(request, from_set_up, answer);

  require(answer.own.fits());
  require(answer.content().find(kSecret) == std::string_view::npos);
  require(ends_each_text(settings));
  require(pages.saved() || same(settings, before));
  gauge::Text<128> given;
  const bool knows = request.state() == gauge::HttpRequest::State::whole &&
                     gauge::basic_password(request.header("authorization"), given) && given.view() == kPassword;
  if (from_set_up || knows) return 0;
  require(answer.status == 401 || answer.status == 400 || answer.status == 413);
  require(same(settings, before) && answer.page.empty());
  return 0;
}
