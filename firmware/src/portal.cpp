#include "portal.hpp"

#include "arduino.hpp"

#include <WiFi.h>

#include <cstdint>

#include "identity.hpp"
#include "settings_store.hpp"

namespace gauge {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint32_t kAnyAddress = 0;
constexpr Millis kSearchEveryMs = 1000;  // until a search begins

}  // namespace

// The station may be up at the same time: what counts is the address that was called.
Portal::Portal(Settings& settings, Search& search)
    : search_(search),
      pages_(settings, this_device(), host_name(), search.networks(), settings_store::save),
      server_([this](const HttpRequest& request, std::uint32_t local_address, HttpAnswer& answer) {
        pages_.answer(request, local_address == static_cast<std::uint32_t>(WiFi.softAPIP()), answer);
      }) {}

bool Portal::open(Millis now) {
  const auto password = settings_store::set_up_password();
  if (!WiFi.softAP(host_name(), password.data())) return false;
  open_ = true;
  search(now);  // now: later it would throw people off the set-up network
  Serial.printf("set-up: join Wi-Fi \"%s\" with password \"%s\", then open http://192.168.4.1/\n", host_name(),
                password.data());
  serve(true);
  return names_.start(kDnsPort, "*", WiFi.softAPIP());
}

void Portal::close() {
  names_.stop();
  if (!WiFi.softAPdisconnect(true)) Serial.println("set-up: the network does not close");
  open_ = false;
  to_search_ = false;
}

void Portal::poll(bool connected, Millis now) {
  serve(open_ || connected);
  if (open_) names_.processNextRequest();
  if (to_search_ && since(searched_at_, now) >= kSearchEveryMs) search(now);
  server_.poll(now);
}

void Portal::search(Millis now) {
  to_search_ = !search_.begin();
  searched_at_ = now;
}

void Portal::serve(bool wanted) {
  if (wanted == wanted_) return;
  wanted_ = wanted;
  if (!wanted) return server_.stop();
  pages_.set_password(settings_store::set_up_password().data());
  if (!server_.begin(kAnyAddress, kHttpPort)) Serial.println("set-up: the page is not served, the port is taken");
}

}  // namespace gauge
