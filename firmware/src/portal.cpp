#include "portal.hpp"

#include "arduino.hpp"

#include <WiFi.h>

#include <string_view>

#include "identity.hpp"
#include "settings_store.hpp"

namespace gauge {
namespace {

constexpr std::uint16_t kDnsPort = 53;

constexpr char kHead[] = R"(<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width"><title>claude-gauge</title><style>
body { font: 1rem system-ui; max-width: 30rem; margin: 1rem auto; padding: 0 1rem }
label { display: block; margin: .7rem 0 }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .3rem }
</style><h1>claude-gauge</h1>)";

// As the text of an attribute between quotes.
String escaped(std::string_view text) {
  String safe;
  for (const char c : text) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

Portal::Portal(Settings& settings) : settings_(settings) {
  server_.on("/", HTTP_GET, [this] { from_here() ? show_form("") : send_away(); });
  server_.on("/save", HTTP_POST, [this] { from_here() ? take_form() : send_away(); });
  server_.onNotFound([this] { send_away(); });
}

bool Portal::open() {
  const auto password = settings_store::set_up_password();
  if (!WiFi.softAP(host_name(), password.data())) return false;
  server_.begin();
  open_ = true;
  Serial.printf("set-up: join Wi-Fi \"%s\" with password \"%s\", then open http://192.168.4.1/\n", host_name(),
                password.data());
  return names_.start(kDnsPort, "*", WiFi.softAPIP());
}

void Portal::close() {
  names_.stop();
  server_.stop();
  if (!WiFi.softAPdisconnect(true)) Serial.println("set-up: the network does not close");
  open_ = false;
}

void Portal::poll() {
  if (!open_) return;
  names_.processNextRequest();
  server_.handleClient();
}

// The station may be up at the same time, and the house's network has not seen the password.
bool Portal::from_here() { return server_.client().localIP() == WiFi.softAPIP(); }

void Portal::send_away() {
  if (!from_here()) return server_.send(403, "text/plain", "only on the set-up network");
  server_.sendHeader("Location", "http://192.168.4.1/");
  server_.send(302, "text/plain", "");
}

void Portal::show_form(const char* message) {
  server_.setContentLength(CONTENT_LENGTH_UNKNOWN);
  server_.send(200, "text/html", "");
  server_.sendContent(kHead, sizeof kHead - 1);
  server_.sendContent(String("<p><strong>") + escaped(message) +
                      "</strong><p>A password left empty stays as it is."
                      "<form method=post action=/save autocapitalize=none>");
  for (const Setting& setting : kSettings) show_field(setting);
  server_.sendContent("<button>Save and restart</button></form>");
  server_.sendContent("");
}

// A secret never goes out again; its field left empty leaves it as it is.
void Portal::show_field(const Setting& setting) {
  String field = String("<label>") + setting.label + "<input name=" + setting.key;
  const auto value = show(settings_, setting.key);
  if (setting.secret) {
    field += String(" type=password autocomplete=off placeholder=\"") + escaped(value.view()) + "\"></label>";
  } else {
    field += String(" value=\"") + escaped(value.view()) + "\"></label>";
  }
  server_.sendContent(field);
}

void Portal::take_form() {
  Settings wanted = settings_;
  for (const Setting& setting : kSettings) {
    if (!server_.hasArg(setting.key)) continue;
    const String value = server_.arg(setting.key);
    if (setting.secret && value.length() == 0) continue;
    if (const char* wrong = set(wanted, setting.key, {value.c_str(), value.length()})) {
      return show_form((String(setting.label) + ": " + wrong).c_str());
    }
  }
  if (!settings_store::save(wanted)) return show_form("The settings could not be saved.");
  settings_ = wanted;
  saved_ = true;
  server_.send(200, "text/html", String(kHead) + "<p>Saved. The gauge restarts.");
}

}  // namespace gauge
