#include "gauge/diag.hpp"

#include <string_view>

namespace gauge {

namespace {

using Json = Text<320>;

template <class Number>
void add(Json& json, std::string_view key, std::optional<Number> value) {
  json.add(key);
  if (value) {
    json.add_number(*value);
  } else {
    json.add("null");
  }
}

void add_word(Json& json, std::string_view key, std::string_view word) {
  json.add(key);
  if (word.empty()) {
    json.add("null");
  } else {
    json.add("\"").add(word).add("\"");
  }
}

}  // namespace

Json diag_json(const Vitals& vitals, const Device& device, const Counters& counters, Link link) {
  Json json;
  add(json, R"({"rssi":)", vitals.rssi_dbm);
  json.add(R"(,"uptime":)").add_number(vitals.uptime_s);
  add(json, R"(,"heap":)", vitals.heap_bytes);
  add_word(json, R"(,"reset_reason":)", vitals.reset_reason);
  add_word(json, R"(,"ip":)", vitals.ip);
  add_word(json, R"(,"version":)", device.version);
  json.add(R"(,"reconnects":)").add_number(counters.reconnects);
  json.add(R"(,"dropped":)").add_number(counters.dropped);
  add_word(json, R"(,"link":)", name(link));
  json.add("}");
  return json;
}

}  // namespace gauge
