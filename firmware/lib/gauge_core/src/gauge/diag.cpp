#include "gauge/diag.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gauge {

namespace {

using Json = DiagJson;

// `,"<key><more>":`
Json& member(Json& json, std::string_view key, std::string_view more = "") {
  return json.add(json.view().size() > 1 ? ",\"" : "\"").add(key).add(more).add("\":");
}

void add(Json& json, std::string_view key, std::optional<std::int64_t> value, std::string_view more = "") {
  member(json, key, more);
  if (value) {
    json.add_number(*value);
  } else {
    json.add("null");
  }
}

void add_word(Json& json, std::string_view key, std::string_view word) {
  member(json, key);
  if (word.empty()) {
    json.add("null");
  } else {
    json.add("\"").add(word).add("\"");
  }
}

}  // namespace

Json diag_json(const Vitals& vitals, const Device& device, const Counters& counters, const LinkMonitor& link) {
  Json json("{");
  add(json, "rssi", vitals.rssi_dbm);
  add(json, "uptime", vitals.uptime_s);
  add(json, "heap", vitals.heap_bytes);
  add(json, "heap_min", vitals.heap_least_bytes);
  add(json, "heap_block", vitals.heap_block_bytes);
  for (std::size_t task = 0; task < kTaskNames.size(); ++task) {
    add(json, "stack_", vitals.stack_least_bytes[task], kTaskNames[task]);
  }
  add(json, "brown_outs", vitals.brown_outs);
  add_word(json, "reset_reason", vitals.reset_reason);
  add_word(json, "ip", vitals.ip);
  add_word(json, "version", device.version);
  add(json, "reconnects", counters.reconnects);
  add(json, "dropped", counters.dropped);
  add_word(json, "link", name(link.state()));
  for (const Link state : kLinks) add(json, name(state), link.seconds(state), "_s");
  json.add("}");
  return json;
}

}  // namespace gauge
