/**
 * What Home Assistant knows of a gauge, as the snapshot has it. No element, no request: functions of its `hass` object.
 *
 * An entity is told from another by the unique id that the registry tells, never by its name, which people change.
 */

import { GEOMETRY } from "./cluster.js";

/* entities, made by scripts/generate: do not edit */
const ENTITIES = {"node":"claude_gauge_","manufacturer":"claude-gauge","model":"Claude Code usage","docs":"https://github.com/archeious/claude-gauge/blob/main/docs/home-assistant.md","kinds":{"rate_1m":"number","window_5h_tokens":"number","window_7d_tokens":"number","window_5h_pct":"percent","window_7d_pct":"percent","thinking_ratio":"percent","cache_hit_rate":"percent","last_model":"text","hot":"flag","warn":"flag","stall":"flag","idle":"flag","updated_at":"text","schema":"text","instance":"text","source":"text","window_5h_source":"text","window_7d_source":"text","window_5h_resets_at":"text","window_7d_resets_at":"text","window_5h_asof":"text","window_7d_asof":"text","cost_5h_usd":"number","cost_7d_usd":"number","last_model_id":"text","needle_5h":"number","needle_tach":"number","needle_7d":"number","warn_reasons":"text","stall_reason":"text","redline":"number","redline_source":"text","telemetry_at":"text","refused_lines":"number","tokens_total":"number","cost_total_usd":"number","window_5h_error":"percent","window_7d_error":"percent","limit_5h_at":"text","limit_7d_at":"text","elsewhere_5h_pct":"percent","calibration":"text","model_week_pct":"percent","model_week_name":"text"}};
/* /entities */

const UNKNOWN = ["unknown", "unavailable", undefined];

/** Of a device in Home Assistant's registry: the stem of its unique ids, if it is a gauge. */
function nodeOf(device) {
  if (device.model !== ENTITIES.model) return null;
  const found = (device.identifiers ?? []).find(([domain, node]) => domain === "mqtt" && node.startsWith(ENTITIES.node));
  return found ? found[1] : null;
}

/** The gauges that Home Assistant knows, by name. */
function gauges(hass) {
  const named = (device) => device.name_by_user ?? device.name ?? "";
  return Object.values(hass?.devices ?? {}).filter((device) => nodeOf(device) && !device.disabled_by)
    .sort((one, other) => named(one).localeCompare(named(other)));
}

function chosen(hass, { device, instance }) {
  if (device) return hass.devices?.[device] ?? null;
  const found = gauges(hass);
  return (instance ? found.find((one) => nodeOf(one) === ENTITIES.node + instance) : found[0]) ?? null;
}

/** Key -> entity id, of what the registry tells of a device's entities. */
function keyed(node, entries) {
  const ours = entries.filter((entry) => entry?.unique_id?.startsWith(`${node}_`));
  return Object.fromEntries(ours.map((entry) => [entry.unique_id.slice(node.length + 1), entry.entity_id]));
}

/** What a key's entity says, as the snapshot has it; unknown is null. */
function valueOf(key, state) {
  if (UNKNOWN.includes(state?.state)) return null;
  const kind = ENTITIES.kinds[key];
  if (kind === "flag") return state.state === "on";
  if (kind === "text") return state.state;
  const value = Number(state.state);
  if (!Number.isFinite(value)) return null;
  return kind === "percent" ? value / 100 : value;
}

/**
 * The snapshot that the entities tell, or null where the publisher is lost. `entities`: key -> id.
 * Needles are no entities unless somebody enables them: a fuel's is its share, the tach's an attribute of the rate.
 */
function usageOf(entities, states) {
  const said = Object.entries(entities).filter(([key]) => key in ENTITIES.kinds).map(([key, id]) => [key, states[id]]);
  const publisher = states[entities.publisher];
  if (publisher && publisher.state !== "on") return null;
  if (said.every(([, state]) => (state?.state ?? "unavailable") === "unavailable")) return null;
  const usage = Object.fromEntries(said.map(([key, state]) => [key, valueOf(key, state)]));
  const fuel = (share, own) => (share == null ? (own ?? null) : Math.round(share * GEOMETRY.needleMax));
  usage.needle_5h = fuel(usage.window_5h_pct, usage.needle_5h);
  usage.needle_7d = fuel(usage.window_7d_pct, usage.needle_7d);
  const rate = states[entities.rate_1m];
  if (usage.rate_1m == null) usage.needle_tach = null;
  else if (rate.attributes?.needle !== undefined) usage.needle_tach = rate.attributes.needle;
  else usage.needle_tach ??= null;
  return usage;
}

export { ENTITIES, chosen, gauges, keyed, nodeOf, usageOf };
