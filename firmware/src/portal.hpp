#pragma once

#include "arduino.hpp"

#include <DNSServer.h>

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
  void poll(bool connected, Millis now);  // to the house's network

  // Something was saved, and whoever saved it has been told; a restart puts it to work.
  bool saved() const { return pages_.saved() && server_.idle(); }

 private:
  void search(Millis now);
  void serve(bool wanted);

  Search& search_;
  PortalPages pages_;
  HttpServer server_;
  DNSServer names_;
  bool open_ = false;
  bool wanted_ = false;     // the page
  bool to_search_ = false;  // the radio could not yet
  Millis searched_at_ = 0;
};

}  // namespace gauge
