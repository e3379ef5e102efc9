#include "gauge/portal_pages.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

using namespace gauge;
using nlohmann::json;

namespace {

constexpr Device kDevice{"a1b2c3d4e5f6", "1.2.3"};
constexpr char kOwn[] = "X-Claude-Gauge: 1\r\n";

bool flash_takes = true;
Settings in_flash;

bool save(const Settings& settings) {
  if (flash_takes) in_flash = settings;
  return flash_takes;
}

struct Bench {
  Bench() {
    flash_takes = true;
    in_flash = Settings{};
  }

  int ask(const std::string& request, bool from_set_up = true) {
    HttpRequest whole;
    whole.add(request);
    said.clear();
    pages.answer(whole, from_set_up, said);
    return said.status;
  }
  int post(const std::string& form, const std::string& headers = kOwn) {
    return ask("POST /save HTTP/1.1\r\n" + headers + "Content-Length: " + std::to_string(form.size()) + "\r\n\r\n" +
               form);
  }
  json told() const { return json::parse(said.content()); }

  Settings settings;
  Networks networks;
  PortalPages pages{settings, kDevice, "claude-gauge-d4e5f6", networks, save};
  HttpAnswer said;
};

}  // namespace

TEST_CASE("the page is served, and every other address leads to it") {
  Bench bench;
  CHECK(bench.ask("GET / HTTP/1.1\r\n\r\n") == 200);
  CHECK(bench.said.content().find("<!doctype html>") == 0);
  for (const char* path : {"/generate_204", "/hotspot-detect.html", "/save"}) {
    CHECK(bench.ask(std::string("GET ") + path + " HTTP/1.1\r\n\r\n") == 302);
    CHECK(bench.said.location == std::string("http://192.168.4.1/"));
  }
}

TEST_CASE("who comes by another way is asked for the password, and served with it alone") {
  Bench bench;
  const std::string right = "Authorization: Basic Z2F1Z2U6c2VjcmV0Nzc=\r\n";  // gauge:secret77
  const auto ask = [&bench](const std::string& path, const std::string& headers) {
    return bench.ask("GET " + path + " HTTP/1.1\r\n" + headers + "\r\n", false);
  };
  CHECK(ask("/", right) == 401);  // no password is known yet
  bench.pages.set_password("secret77");
  for (const char* path : {"/", "/state", "/generate_204"}) {
    CHECK(ask(path, "") == 401);
    CHECK(bench.said.asks_for_password);
    CHECK(bench.said.content().find("wifi") == std::string_view::npos);
  }
  for (const char* wrong :
       {"Basic Z2F1Z2U6c2VjcmV0Nzg=",  // gauge:secret78
        "Basic Z2F1Z2U6c2VjcmV0Nw==",  // gauge:secret7
        "Basic Z2F1Z2U6", "Basic c2VjcmV0Nzc=", "Basic", "Bearer Z2F1Z2U6c2VjcmV0Nzc=", "Basic ****", "secret77"}) {
    CHECK(ask("/state", std::string("Authorization: ") + wrong + "\r\n") == 401);
  }
  CHECK(ask("/", right) == 200);
  CHECK_FALSE(bench.said.asks_for_password);
  CHECK(ask("/state", right) == 200);
  CHECK(ask("/state", "Authorization: Basic OnNlY3JldDc3\r\n") == 200);  // no user
  CHECK(ask("/generate_204", right) == 404);
  const std::string post = "POST /save HTTP/1.1\r\nContent-Length: 9\r\n" + std::string(kOwn);
  CHECK(bench.ask(post + "\r\nlight=off", false) == 401);
  CHECK(bench.settings.light);
  CHECK(bench.ask(post + right + "\r\nlight=off", false) == 200);
  CHECK_FALSE(in_flash.light);
}

TEST_CASE("what is no request is answered so") {
  Bench bench;
  CHECK(bench.ask("HELO\r\n\r\n") == 400);
  CHECK(bench.ask("GET /" + std::string(5000, 'a')) == 413);
}

TEST_CASE("the state has every setting, and no secret") {
  Bench bench;
  REQUIRE(set(bench.settings, "wifi_ssid", R"(a "quoted\" name)") == nullptr);
  REQUIRE(set(bench.settings, "wifi_password", "secret77") == nullptr);
  bench.pages.set_trouble("the broker cannot be reached");
  CHECK(bench.ask("GET /state HTTP/1.1\r\n\r\n") == 200);
  CHECK(bench.told().at("wrong") == "the broker cannot be reached");
  bench.pages.set_trouble("");
  CHECK(bench.ask("GET /state HTTP/1.1\r\n\r\n") == 200);
  const json told = bench.told();
  CHECK(told.at("name") == "claude-gauge-d4e5f6");
  CHECK(told.at("version") == "1.2.3");
  CHECK(told.at("wrong") == "");
  CHECK(told.at("settings").size() == kSettings.size());
  CHECK(told.at("settings").at("wifi_ssid") == R"(a "quoted\" name)");
  CHECK(told.at("settings").at("wifi_password") == true);
  CHECK(told.at("settings").at("broker_password") == false);
  CHECK(told.at("settings").at("broker_port") == "1883");
  CHECK(bench.said.content().find("secret77") == std::string_view::npos);
}

TEST_CASE("the networks around are listed, the strongest first, and the longest list fits") {
  Bench bench;
  CHECK(bench.ask("GET /networks HTTP/1.1\r\n\r\n") == 200);
  CHECK(bench.told() == json::array());
  bench.networks.add("My net", -61, true);
  bench.networks.add(R"(a "quoted\" name)", -40, false);
  bench.ask("GET /networks HTTP/1.1\r\n\r\n");
  CHECK(bench.told() == json::array({{{"name", R"(a "quoted\" name)"}, {"rssi", -40}, {"password", false}},
                                     {{"name", "My net"}, {"rssi", -61}, {"password", true}}}));
  bench.networks.clear();
  for (char c = 'a'; c <= 'z'; ++c) bench.networks.add(std::string(31, '"') + c, -100, false);
  bench.ask("GET /networks HTTP/1.1\r\n\r\n");
  CHECK(bench.said.own.fits());
  CHECK(bench.told().size() == 16);
}

TEST_CASE("with every setting at its longest the state still fits") {
  Bench bench;
  for (const Setting& setting : kSettings) {
    for (std::size_t size = 128; size > 0; --size) {
      const std::string url = "http://" + std::string(size, '"');
      if (set(bench.settings, setting.key, std::string(size, '"')) == nullptr) break;
      if (set(bench.settings, setting.key, url) == nullptr) break;
      if (set(bench.settings, setting.key, std::string(size, 'a')) == nullptr) break;
    }
  }
  bench.pages.set_trouble(std::string(96, 'x'));
  bench.ask("GET /state HTTP/1.1\r\n\r\n");
  CHECK(bench.said.own.fits());
  CHECK(bench.told().at("wrong").get<std::string>().size() == 96);
  CHECK(bench.told().at("settings").at("wifi_ssid").get<std::string>().size() == 32);
}

TEST_CASE("what is saved is in the flash and in force, and a password left empty stays") {
  Bench bench;
  REQUIRE(set(bench.settings, "broker_password", "as it was") == nullptr);
  CHECK(bench.post("wifi_ssid=My+net&wifi_password=12345678&broker_password=&light=off") == 200);
  CHECK(bench.told() == json{{"saved", true}});
  CHECK(bench.pages.saved());
  CHECK(bench.settings.wifi_ssid == std::string("My net"));
  CHECK(in_flash.wifi_password == std::string("12345678"));
  CHECK(in_flash.broker_password == std::string("as it was"));
  CHECK_FALSE(in_flash.light);
}

TEST_CASE("a password goes when it is asked to, and stays beside one that does") {
  Bench bench;
  for (const char* key : {"wifi_password", "broker_password", "ota_password"}) {
    REQUIRE(set(bench.settings, key, "as it was") == nullptr);
  }
  CHECK(bench.post(
            "wifi_password=&remove_wifi_password=&broker_password=&ota_password=new+pass&remove_ota_password=") == 200);
  CHECK(in_flash.wifi_password[0] == '\0');
  CHECK(in_flash.broker_password == std::string("as it was"));
  CHECK(in_flash.ota_password == std::string("new pass"));
}

TEST_CASE("of a form with one wrong value nothing is saved, and it says which") {
  Bench bench;
  CHECK(bench.post("wifi_ssid=net&broker_port=70000") == 422);
  CHECK(bench.told() == json{{"key", "broker_port"}, {"wrong", "a number from 1 to 65535"}});
  CHECK(bench.post("wifi_ssid=" + std::string(200, 'x')) == 422);
  CHECK(bench.told() == json{{"key", "wifi_ssid"}, {"wrong", "too long"}});
  CHECK(bench.post("wifi_password=" + std::string(200, 'x')) == 422);
  CHECK_FALSE(bench.pages.saved());
  CHECK(bench.settings.wifi_ssid[0] == '\0');
}

TEST_CASE("a flash that refuses is said") {
  Bench bench;
  flash_takes = false;
  CHECK(bench.post("wifi_ssid=net") == 500);
  CHECK(bench.told().at("wrong") == "the flash refuses, nothing was saved");
  CHECK_FALSE(bench.pages.saved());
  CHECK(bench.settings.wifi_ssid[0] == '\0');
}

TEST_CASE("a form of another site's page is not taken") {
  Bench bench;
  CHECK(bench.post("wifi_ssid=net", "") == 403);
  CHECK_FALSE(bench.pages.saved());
}
