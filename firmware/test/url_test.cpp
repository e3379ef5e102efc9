#include "gauge/url.hpp"

#include <doctest/doctest.h>

using namespace gauge;

TEST_CASE("host and port of an address") {
  struct Case {
    const char* url;
    const char* host;
    int port;
  };
  for (const Case& one : {Case{"http://desk:8080/usage", "desk", 8080}, Case{"http://desk/usage", "desk", 80},
                          Case{"http://desk", "desk", 80}, Case{"http://10.0.0.7:81", "10.0.0.7", 81},
                          Case{"http://me:secret@desk:82/", "desk", 82}, Case{"http://desk:/usage", "", 80},
                          Case{"http://desk:70000/", "", 80}, Case{"http://desk:0/", "", 80},
                          Case{"https://desk/", "", 80}, Case{"desk", "", 80}, Case{"", "", 80}}) {
    const UrlPlace place = url_place(one.url);
    CAPTURE(one.url);
    CHECK(place.host == one.host);
    CHECK(place.port == one.port);
  }
}
