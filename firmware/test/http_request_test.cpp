#include "gauge/http_request.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gauge;
using State = HttpRequest::State;

namespace {

State add_each(HttpRequest& request, const std::string& bytes) {
  State state = State::reading;
  for (const char byte : bytes) state = request.add({&byte, 1});
  return state;
}

std::string value_of(const std::string& body, const char* key) {
  Text<128> value;
  return form_value(body, key, value) ? std::string(value.view()) : "(nothing)";
}

}  // namespace

TEST_CASE("a request is whole when its head and its body are, however it is cut") {
  const std::string text = "POST /save?a=b HTTP/1.1\r\nHost: gauge\r\nCONTENT-length: 5\r\nX-One:  two \r\n\r\nhello";
  for (const bool in_pieces : {false, true}) {
    HttpRequest request;
    CHECK((in_pieces ? add_each(request, text) : request.add(text)) == State::whole);
    CHECK(request.is("POST", "/save"));
    CHECK_FALSE(request.is("GET", "/save"));
    CHECK(request.header("x-one") == "two");
    CHECK(request.header("x-two").empty());
    CHECK(request.body() == "hello");
  }
}

TEST_CASE("what comes behind the body is no part of it") {
  HttpRequest request;
  CHECK(request.add("GET / HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n") == State::whole);
  CHECK(request.is("GET", "/"));
  CHECK(request.body().empty());
}

TEST_CASE("half a request is waited for") {
  for (const char* half : {"", "GET", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell"}) {
    HttpRequest request;
    CAPTURE(half);
    CHECK(request.add(half) == State::reading);
  }
}

TEST_CASE("what is no request is told from one that is too long") {
  for (const char* line :
       {"\r\n\r\n", "GET\r\n\r\n", "GET index HTTP/1.1\r\n\r\n", "GET / SMTP\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: five\r\n\r\n"}) {
    HttpRequest request;
    CAPTURE(line);
    CHECK(request.add(line) == State::malformed);
  }
  for (const std::string& text :
       {"GET /" + std::string(HttpRequest::kMost, 'a'), std::string("POST / HTTP/1.1\r\nContent-Length: 4096\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n")}) {
    HttpRequest request;
    CAPTURE(text);
    CHECK(request.add(text) == State::too_long);
    CHECK(request.add("more") == State::too_long);
  }
}

TEST_CASE("a request of the greatest length is taken, and its place serves the next one") {
  HttpRequest request;
  const std::string head = "POST / HTTP/1.1\r\nContent-Length: 4000\r\n\r\n";
  const std::string body(4000, 'b');
  for (int time = 0; time < 2; ++time) {
    CHECK(request.add(head) == State::reading);
    CHECK(request.add(body) == State::whole);
    CHECK(request.body() == body);
    request.clear();
    CHECK(request.state() == State::reading);
  }
}

TEST_CASE("a form's values are decoded") {
  const std::string body = "a=1&wifi_ssid=My+net%2c+%C3%A4&empty=&odd=%zz%4&last=x%3D%26";
  CHECK(value_of(body, "a") == "1");
  CHECK(value_of(body, "wifi_ssid") == "My net, \xc3\xa4");
  CHECK(value_of(body, "empty").empty());
  CHECK(value_of(body, "odd") == "%zz%4");
  CHECK(value_of(body, "last") == "x=&");
  CHECK(value_of(body, "wifi") == "(nothing)");
  CHECK(value_of("", "a") == "(nothing)");
  Text<128> value;
  CHECK(form_value("a=" + std::string(129, 'x'), "a", value));
  CHECK_FALSE(value.fits());
}
