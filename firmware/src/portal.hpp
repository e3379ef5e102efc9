#pragma once

#include "arduino.hpp"

#include <DNSServer.h>
#include <WebServer.h>

#include "gauge/settings.hpp"

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
  void poll();

  // Something was saved; a restart puts it to work.
  bool saved() const { return saved_; }

 private:
  bool from_here();
  void show_form(const char* message);
  void show_field(const Setting& setting);
  void take_form();
  void send_away();

  Settings& settings_;
  WebServer server_{80};
  DNSServer names_;
  bool open_ = false;
  bool saved_ = false;
};

}  // namespace gauge
