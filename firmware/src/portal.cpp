#include "portal.hpp"

#include "arduino.hpp"

#include <WiFi.h>

#include <cstdint>
#include <string_view>

#include "identity.hpp"
#include "settings_store.hpp"

namespace gauge {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint32_t kAnyAddress = 0;
constexpr Millis kSearchEveryMs = 1000;  // until a search begins
constexpr Millis kServeEveryMs = 5000;   // until there is memory for it
constexpr Millis kLastAnswerMs = 3000;   // who asks without end puts no restart off

}  // namespace

// The station may be up at the same time: what counts is the address that was called.
Portal::Portal(Settings& settings, Search& search)
    : search_(search),
      pages_(settings, this_device(), host_name(), search.networks(), settings_store::save),
      server_([this](const HttpRequest& request, std::uint32_t local_address, HttpAnswer& answer) {
        pages_.answer(request, open_ && local_address == static_cast<std::uint32_t>(WiFi.softAPIP()), answer);
      }) {}

bool Portal::open(Millis now) {
  const auto password = settings_store::set_up_password();
  if (!WiFi.softAP(host_name(), password.data())) return false;
  open_ = true;
  search(now);  // now: later it would throw people off the set-up network
  Serial.printf("set-up: join Wi-Fi \"%s\" with password \"%s\", then open http://192.168.4.1/\n", host_name(),
                password.data());
  serve(true, now);
  return names_.start(kDnsPort, "*", WiFi.softAPIP());
}

void Portal::close() {
  names_.stop();
  if (!WiFi.softAPdisconnect(true)) Serial.println("set-up: the network does not close");
  open_ = false;
  to_search_ = false;
}

void Portal::poll(bool connected, std::string_view trouble, Millis now) {
  pages_.set_trouble(trouble);
  serve(open_ || connected, now);
  if (open_) names_.processNextRequest();
  if (to_search_ && since(searched_at_, now) >= kSearchEveryMs) search(now);
  server_.poll(now);
  if (!pages_.saved()) unsaved_at_ = now;
  done_ = pages_.saved() && (server_.idle() || since(unsaved_at_, now) >= kLastAnswerMs);
}

void Portal::search(Millis now) {
  to_search_ = !search_.begin();
  searched_at_ = now;
}

void Portal::serve(bool wanted, Millis now) {
  if (!wanted && served_) server_.stop();
  if (!wanted) served_ = tried_ = false;
  if (!wanted || served_ || (tried_ && since(tried_at_, now) < kServeEveryMs)) return;
  pages_.set_password(settings_store::set_up_password().data());
  served_ = server_.begin(kAnyAddress, kHttpPort);
  if (!served_ && !tried_) Serial.println("set-up: the page is not served yet, no memory or the port is taken");
  tried_ = true;
  tried_at_ = now;
}

}  // namespace gauge
