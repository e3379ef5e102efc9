#pragma once

#include "arduino.hpp"

#include <DNSServer.h>

#include <string_view>

#include "gauge/portal_pages.hpp"
#include "gauge/settings.hpp"
#include "gauge/time.hpp"
#include "http_server.hpp"
#include "search.hpp"

namespace gauge {

// The set-up network: an access point with a password, every name leads to one page, and on the page is a form. On the
// house's network the same page asks for the same password.
class Portal {
 public:
  Portal(Settings& settings, Search& search);
  Portal(const Portal&) = delete;
  Portal& operator=(const Portal&) = delete;

  bool open(Millis now);
  void close();
  // `connected`: to the house's network. `trouble`: what is missing right now, in words.
  void poll(bool connected, std::string_view trouble, Millis now);

  // Something was saved, and whoever saved it has been told; a restart puts it to work.
  bool saved() const { return done_; }

 private:
  void search(Millis now);
  void serve(bool wanted, Millis now);

  Search& search_;
  PortalPages pages_;
  HttpServer server_;
  DNSServer names_;
  bool open_ = false;
  bool served_ = false;     // the page
  bool tried_ = false;      // to serve it
  bool to_search_ = false;  // the radio could not yet
  bool done_ = false;
  Millis tried_at_ = 0;
  Millis searched_at_ = 0;
  Millis unsaved_at_ = 0;
};

}  // namespace gauge
