/** The page of the publisher: the cluster, live, and a quiet line of words below it. `?kiosk` shows the cluster alone. */

import { GEOMETRY } from "./cluster.js";

const RETRY_MS = 1000;
const GONE_AFTER_MS = 5000; // a restart of the publisher is not worth a blink
const LOST_AFTER_MS = GEOMETRY.expireAfter * 1000; // as on the hardware: three heartbeats

const cluster = document.querySelector("claude-gauge-cluster");
const list = document.querySelector("#words");
let usage = null;
let heardAt = 0; // of performance.now(), which no change of the clock moves
let events;
let brokenAt = performance.now();

document.documentElement.classList.toggle("kiosk", new URLSearchParams(location.search).has("kiosk"));

function connect() {
  events?.close();
  events = new EventSource("events");
  events.onmessage = (message) => {
    usage = JSON.parse(message.data);
    heardAt = performance.now();
    brokenAt = 0;
    show();
  };
  events.onerror = () => {
    brokenAt ||= performance.now();
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

function lost() {
  const now = performance.now();
  return !usage || (brokenAt && now - brokenAt > GONE_AFTER_MS) || now - heardAt > LOST_AFTER_MS;
}

function show() {
  const shown = lost() ? null : usage;
  if (cluster.usage !== shown) cluster.usage = shown;
  say(words(shown));
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** Minutes as `2 h 5 min`, `3 d 4 h`. */
function span(ms) {
  const minutes = Math.max(0, Math.round(ms / 60000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const ago = (ms) => (ms < 60000 ? "just now" : `${span(ms)} ago`);

function when(iso) {
  const at = new Date(iso);
  const left = at - Date.now();
  return `${(left < 20 * 3600000 ? clock : day).format(at)}, in ${span(left)}`;
}

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const share = (part) => (part == null ? "unknown" : `${number.format(part * 100)} %`);

/** What needles and lamps say, for a screen on which their captions are too small to read. */
function readings(shown) {
  return [
    ["5 h used", share(shown.window_5h_pct), "reading"],
    ["Tokens / min", shown.rate_1m == null ? "unknown" : number.format(shown.rate_1m), "reading"],
    ["7 d used", share(shown.window_7d_pct), "reading"],
    ["Lit", cluster.lit.join(", ").toUpperCase() || "none", "reading lit"],
  ];
}

function words(shown) {
  if (!shown) return [["Publisher", usage ? "lost" : "waiting", "lost"]];
  const rows = [...readings(shown), ["Source", shown.source]];
  if (shown.telemetry_at) rows.push(["Last record", ago(Date.now() - new Date(shown.telemetry_at))]);
  if (shown.window_5h_resets_at) rows.push(["5 h resets", when(shown.window_5h_resets_at)]);
  if (shown.limit_5h_at) rows.push(["5 h limit", when(shown.limit_5h_at)]);
  if (shown.window_7d_resets_at) rows.push(["7 d resets", when(shown.window_7d_resets_at)]);
  if (shown.limit_7d_at) rows.push(["7 d limit", when(shown.limit_7d_at)]);
  if (shown.stall && shown.stall_reason) rows.push(["Stalled by", shown.stall_reason]);
  return rows;
}

let shape = "";
/** Only what differs is written: the rate does with each message, and a row that is not shown costs no frame. */
function say(rows) {
  const wanted = JSON.stringify(rows.map(([name, , kind]) => [name, kind]));
  if (wanted !== shape) list.replaceChildren(...rows.map(drawnRow));
  shape = wanted;
  rows.forEach(([, value], at) => {
    const detail = list.children[at].lastChild;
    if (detail.textContent !== value) detail.textContent = value;
  });
}

function drawnRow([name, , kind]) {
  const row = document.createElement("div");
  if (kind) row.className = kind;
  const term = document.createElement("dt");
  term.textContent = name;
  row.append(term, document.createElement("dd"));
  return row;
}

connect();
show();
setInterval(show, 1000);
