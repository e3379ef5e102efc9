#include "gauge/portal_pages.hpp"

#include <cstddef>
#include <string_view>

#include "gauge/portal_page.hpp"

namespace gauge {
namespace {

constexpr char kHome[] = "http://192.168.4.1/";
constexpr char kJson[] = "application/json";
// Set by the page's own script. Another site's page cannot send it without asking first, and is not answered.
constexpr char kOwnHeader[] = "x-claude-gauge";

using Json = Text<3072>;

// Settings hold no control characters; see set_text().
void add_text(Json& json, std::string_view text) {
  json.add("\"");
  for (const char c : text) {
    if (c == '"' || c == '\\') json.add("\\");
    json.add({&c, 1});
  }
  json.add("\"");
}

void add_member(Json& json, std::string_view key, std::string_view text) {
  add_text(json, key);
  json.add(":");
  add_text(json, text);
}

bool removes(std::string_view form, std::string_view key) {
  Text<128> value;
  return form_value(form, Text<64>("remove_").add(key).view(), value);
}

void refuse(HttpAnswer& answer, int status, std::string_view key, std::string_view why) {
  answer.status = status;
  answer.type = kJson;
  answer.own.add("{");
  add_member(answer.own, "key", key);
  answer.own.add(",");
  add_member(answer.own, "wrong", why);
  answer.own.add("}");
}

}  // namespace

void HttpAnswer::say(int with_status, const char* words) {
  status = with_status;
  own.add(words);
}

void HttpAnswer::clear() {
  status = 200;
  type = "text/plain";
  location = nullptr;
  asks_for_password = false;
  page = {};
  own.clear();
}

void PortalPages::answer(const HttpRequest& request, bool from_set_up, HttpAnswer& answer) {
  if (request.state() == HttpRequest::State::too_long) return answer.say(413, "too long");
  if (request.state() != HttpRequest::State::whole) return answer.say(400, "not a request");
  if (!from_set_up && !knows_password(request)) {
    answer.asks_for_password = true;
    return answer.say(401, "the password of the set-up network, please");
  }
  if (request.is("GET", "/")) {
    answer.type = "text/html; charset=utf-8";
    answer.page = kPortalPage;
  } else if (request.is("GET", "/state")) {
    state(answer);
  } else if (request.is("GET", "/networks")) {
    networks(answer);
  } else if (request.is("POST", "/save")) {
    save(request, answer);
  } else if (!from_set_up) {
    answer.say(404, "nothing is here");
  } else {
    answer.location = kHome;
    answer.say(302, "the page is at http://192.168.4.1/");
  }
}

// All of it is compared, however early it differs: the time tells nothing.
bool PortalPages::knows_password(const HttpRequest& request) const {
  Text<128> given;
  if (!basic_password(request.header("authorization"), given)) return false;
  const std::string_view said = given.view();
  const std::string_view wanted = password_.view();
  if (wanted.empty() || said.size() != wanted.size()) return false;
  int different = 0;
  for (std::size_t at = 0; at < wanted.size(); ++at) different |= said[at] ^ wanted[at];
  return different == 0;
}

void PortalPages::state(HttpAnswer& answer) const {
  answer.type = kJson;
  Json& json = answer.own;
  json.add("{");
  add_member(json, "name", name_);
  json.add(",");
  add_member(json, "version", device_.version);
  json.add(",");
  add_member(json, "wrong", trouble_.view());
  json.add(R"(,"settings":{)");
  const char* comma = "";
  for (const Setting& setting : kSettings) {
    const auto value = show(settings_, setting.key);
    json.add(comma);
    comma = ",";
    if (setting.secret) {
      add_text(json, setting.key);
      json.add(value.view().empty() ? ":false" : ":true");
    } else {
      add_member(json, setting.key, value.view());
    }
  }
  json.add("}}");
}

void PortalPages::networks(HttpAnswer& answer) const {
  answer.type = kJson;
  Json& json = answer.own;
  const char* comma = "[";
  for (const Networks::Network& network : networks_) {
    json.add(comma).add("{");
    comma = ",";
    add_member(json, "name", network.name.view());
    json.add(R"(,"rssi":)").add_number(network.rssi_dbm);
    json.add(R"(,"password":)").add(network.with_password ? "true}" : "false}");
  }
  json.add(*comma == '[' ? "[]" : "]");
}

void PortalPages::save(const HttpRequest& request, HttpAnswer& answer) {
  if (request.header(kOwnHeader).empty()) return answer.say(403, "only from the page itself");
  Settings wanted = settings_;
  for (const Setting& setting : kSettings) {
    Text<128> value;
    if (!form_value(request.body(), setting.key, value)) continue;
    if (setting.secret && value.fits() && value.view().empty() && !removes(request.body(), setting.key)) continue;
    const char* const wrong = value.fits() ? set(wanted, setting.key, value.view()) : "too long";
    if (wrong != nullptr) return refuse(answer, 422, setting.key, wrong);
  }
  if (!save_(wanted)) return refuse(answer, 500, "", "the flash refuses, nothing was saved");
  settings_ = wanted;
  saved_ = true;
  answer.type = kJson;
  answer.own.add(R"({"saved":true})");
}

}  // namespace gauge
