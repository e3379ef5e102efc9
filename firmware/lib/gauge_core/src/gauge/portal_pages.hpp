#pragma once

#include <cstdint>
#include <string_view>

#include "gauge/host.hpp"
#include "gauge/http_request.hpp"
#include "gauge/networks.hpp"
#include "gauge/settings.hpp"
#include "gauge/text.hpp"

namespace gauge {

struct HttpAnswer {
  HttpAnswer() = default;
  HttpAnswer(const HttpAnswer&) = delete;
  HttpAnswer& operator=(const HttpAnswer&) = delete;

  int status = 200;
  const char* type = "text/plain";
  const char* location = nullptr;  // of a 302
  bool asks_for_password = false;  // a 401
  std::string_view page;           // what lies in flash, or
  Text<3072> own;                  // what was made for this answer

  std::string_view content() const { return page.empty() ? own.view() : page; }
  void say(int with_status, const char* words);
  void clear();
};

// What the set-up network serves: the page (firmware/portal/page.html, as it is), `GET /state` and
// `GET /networks` for what it shows, and `POST /save`. On the set-up network every other address leads to the page,
// which is how a phone finds it by itself.
//
// A secret never goes out: `/state` says of it whether it is set. Its field left empty leaves it as it is; a field
// `remove_<key>` takes it away.
class PortalPages {
 public:
  using Save = bool (*)(const Settings&);  // to flash

  // `name`: of the device on the network. `networks`: what it has seen around it.
  PortalPages(Settings& settings, const Device& device, const char* name, const Networks& networks, Save keep)
      : settings_(settings), device_(device), name_(name), networks_(networks), save_(keep) {}

  // Of the set-up network, and of the page on the house's network; any user name goes with it. Until it is known nobody
  // is served there.
  void set_password(std::string_view password) { password_ = Text<64>(password); }

  // What is missing right now, in words; "": nothing.
  void set_trouble(std::string_view words) { trouble_ = Text<96>(words); }

  // `from_set_up`: it came by the set-up network, whose password is known to whoever is on it. Anybody else is asked.
  void answer(const HttpRequest& request, bool from_set_up, HttpAnswer& answer);

  // Something was saved; a restart puts it to work.
  bool saved() const { return saved_; }

 private:
  bool knows_password(const HttpRequest& request) const;
  void state(HttpAnswer& answer) const;
  void networks(HttpAnswer& answer) const;
  void save(const HttpRequest& request, HttpAnswer& answer);

  Settings& settings_;
  const Device& device_;
  const char* const name_;
  const Networks& networks_;
  const Save save_;
  Text<64> password_;
  Text<96> trouble_;
  bool saved_ = false;
};

}  // namespace gauge
