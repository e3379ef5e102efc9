#pragma once

#include "arduino.hpp"

#include <DNSServer.h>

#include "gauge/portal_pages.hpp"
#include "gauge/settings.hpp"
#include "gauge/time.hpp"
#include "http_server.hpp"

namespace gauge {

// The set-up network: an access point with a password, every name leads to one page, and on the page is a form.
// Nobody is served who comes by another way than this network.
class Portal {
 public:
  explicit Portal(Settings& settings);
  Portal(const Portal&) = delete;
  Portal& operator=(const Portal&) = delete;

  bool open();
  void close();
  void poll(Millis now);

  // Something was saved, and whoever saved it has been told; a restart puts it to work.
  bool saved() const { return pages_.saved() && server_.idle(); }

 private:
  PortalPages pages_;
  HttpServer server_;
  DNSServer names_;
  bool open_ = false;
};

}  // namespace gauge
