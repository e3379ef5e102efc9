/**
 * custom:claude-gauge-card: the cluster on a dashboard of Home Assistant, fed by the entities of a gauge's device.
 *
 *   type: custom:claude-gauge-card
 *   device: 0123456789abcdef     # the editor fills it in; or
 *   instance: desk               # the name under which it publishes; without either: the first gauge there is
 *
 * Entities are found by the unique ids that the registry tells, so whoever renames one need not tell the card.
 */

import { GEOMETRY } from "./cluster.js";
import { ENTITIES, chosen, gauges, keyed, nodeOf, usageOf } from "./home-assistant-entities.js";

const GONE_AFTER_MS = 5000; // a restart of Home Assistant is not worth a blink
const ASK_AGAIN_MS = 5000;
const DETAILS = { needle_5h: "window_5h_pct", needle_tach: "rate_1m", needle_7d: "window_7d_pct" };
const ABOUT = { window_5h_pct: "5 hour fuel", rate_1m: "token rate", window_7d_pct: "7 day fuel", publisher: "publisher" };

const CARD_CSS = `
/* The spacer gives the height where the dashboard leaves it open; where it is set, the drawing fits into it. */
:host { display: block; height: 100%; }
ha-card { height: 100%; display: flex; flex-direction: column; background: none; border: none; box-shadow: none; }
.stage { position: relative; flex: 1 1 auto; min-height: 0; overflow: hidden; }
.spacer { aspect-ratio: ${GEOMETRY.fascia.join(" / ")}; }
.fit { position: absolute; inset: 0; container-type: size; display: grid; place-items: center; }
.drawing { position: relative; width: min(100cqw, 100cqh * ${GEOMETRY.fascia[0] / GEOMETRY.fascia[1]}); }
button { position: absolute; border: 0; padding: 0; background: none; cursor: pointer; border-radius: 50%; }
button.row { border-radius: 4px; }
button:focus-visible { outline: 2px solid var(--primary-color, #7b1330); outline-offset: 1px; }
button[hidden] { display: none; }
p { margin: 8px 16px; color: var(--secondary-text-color); }
p:empty { display: none; }
`;

class ClaudeGaugeCard extends HTMLElement {
  #config = null;
  #hass = null;
  #cluster = document.createElement("claude-gauge-cluster");
  #device = null;
  #entities = null; // key -> id, when the registry has told
  #asked = ""; // for which device and ids it was asked
  #looked = []; // the states that are shown
  #goneAt = 0; // of performance.now()
  #timer = 0;

  static getStubConfig(hass) {
    const [first] = gauges(hass);
    return first ? { device: first.id } : {};
  }

  static getConfigForm() {
    const filter = { integration: "mqtt", manufacturer: ENTITIES.manufacturer, model: ENTITIES.model };
    return {
      schema: [{ name: "device", selector: { device: { filter: [filter] } } }],
      computeLabel: () => "Gauge",
      computeHelper: () => "Without a choice: the first one there is.",
      assertConfig: checked,
    };
  }

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CARD_CSS);
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = `<ha-card><div class="stage"><div class="spacer"></div><div class="fit"><div class="drawing"></div></div></div>
      <p role="status"></p></ha-card>`;
    root.querySelector(".drawing").append(this.#cluster, ...GEOMETRY.dials.map(dialButton), lampsButton());
    root.addEventListener("click", (event) => this.#tell(event.target.dataset?.key));
  }

  setConfig(config) {
    checked(config);
    this.#config = config;
    this.#device = this.#entities = null;
    this.#asked = "";
    if (this.#hass) this.hass = this.#hass;
  }

  set hass(hass) {
    const before = this.#hass;
    this.#hass = hass;
    if (!this.#config) return;
    const dark = hass.themes?.darkMode;
    if (dark !== undefined) this.#cluster.setAttribute("theme", dark ? "dark" : "light");
    if (before?.devices !== hass.devices || before?.entities !== hass.entities || !this.#asked) this.#find();
    this.#show();
  }

  getCardSize() { return 5; }

  getGridOptions() { return { columns: 12, rows: "auto", min_columns: 6, min_rows: 2 }; }

  disconnectedCallback() { clearTimeout(this.#timer); this.#timer = 0; }

  connectedCallback() { if (this.#hass) this.hass = this.#hass; }

  /** Ask the registry which entity of the device is which, when there are others than before. */
  async #find() {
    const hass = this.#hass;
    this.#device = chosen(hass, this.#config);
    const ids = Object.values(hass.entities ?? {}).filter((entity) => entity.device_id === this.#device?.id)
      .map((entity) => entity.entity_id).sort();
    const asked = JSON.stringify([this.#device?.id, ids]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    const node = this.#device && nodeOf(this.#device);
    if (!node || !ids.length) {
      this.#entities = null;
      return;
    }
    let told;
    try {
      told = await hass.callWS({ type: "config/entity_registry/get_entries", entity_ids: ids });
    } catch (error) {
      if (this.#asked !== asked) return;
      this.#say(`Home Assistant does not tell the entities of this gauge: ${error.message ?? error.code}`);
      setTimeout(() => { if (this.#asked === asked) this.#asked = ""; }, ASK_AGAIN_MS);
      return;
    }
    if (this.#asked !== asked) return; // a later question is on its way
    this.#entities = keyed(node, Object.values(told));
    this.#looked = [];
    this.#show();
  }

  #show() {
    const hass = this.#hass;
    if (!this.#device) {
      this.#put(null, gauges(hass).length ? "The gauge of this card is not there any more: choose another one."
        : "No gauge is known here yet: its device comes by MQTT, from gauge-mqtt.");
      return;
    }
    if (!this.#entities) {
      if (this.#cluster.usage) this.#put(null, "");
      return;
    }
    const looked = Object.values(this.#entities).map((id) => hass.states[id]);
    const lost = this.#isGone(hass);
    looked.push(lost);
    if (looked.length === this.#looked.length && looked.every((state, at) => state === this.#looked[at])) return;
    this.#looked = looked;
    this.#put(lost ? null : usageOf(this.#entities, hass.states), "");
  }

  #put(usage, text) {
    this.#cluster.usage = usage;
    this.#say(text);
    for (const one of this.shadowRoot.querySelectorAll("button")) one.hidden = !this.#entities?.[one.dataset.key];
  }

  #say(text) {
    const line = this.shadowRoot.querySelector("p");
    if (line.textContent !== text) line.textContent = text;
  }

  /** Whether Home Assistant itself has been away for long: what it said last is old then. */
  #isGone(hass) {
    if (hass.connected !== false) {
      this.#goneAt = 0;
      return false;
    }
    this.#goneAt ||= performance.now() + GONE_AFTER_MS;
    const left = this.#goneAt - performance.now();
    if (left <= 0) return true;
    if (!this.#timer && this.isConnected) {
      this.#timer = setTimeout(() => { this.#timer = 0; this.#show(); }, left + 1);
    }
    return false;
  }

  #tell(key) {
    const entityId = this.#entities?.[key];
    if (!entityId) return;
    this.dispatchEvent(new CustomEvent("hass-more-info", { detail: { entityId }, bubbles: true, composed: true }));
  }
}

/** What cannot be meant is an error on the dashboard, as with every card. */
function checked(config) {
  for (const key of ["device", "instance"]) {
    if (config?.[key] !== undefined && typeof config[key] !== "string") throw new Error(`${key} has to be a text`);
  }
}

function button(key, { x, y, width, height }, look = "") {
  const made = document.createElement("button");
  const [wide, high] = GEOMETRY.fascia;
  made.type = "button";
  made.className = look;
  made.dataset.key = key;
  made.setAttribute("aria-label", `Details: ${ABOUT[key]}`);
  made.style.cssText = `left:${(x / wide) * 100}%;top:${(y / high) * 100}%;width:${(width / wide) * 100}%;height:${(height / high) * 100}%`;
  return made;
}

function dialButton({ key, x, y, radius }) {
  return button(DETAILS[key], { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius });
}

function lampsButton() {
  const [first, last] = [GEOMETRY.lamps[0], GEOMETRY.lamps.at(-1)];
  const [width, height] = GEOMETRY.window;
  return button("publisher", { x: first.x, y: first.y, width: last.x + width - first.x, height }, "row");
}

if (!customElements.get("claude-gauge-card")) {
  customElements.define("claude-gauge-card", ClaudeGaugeCard);
  window.customCards = window.customCards ?? [];
  window.customCards.push({
    type: "claude-gauge-card",
    name: "Claude Gauge",
    description: "How hard Claude Code works, and how much of the plan is left: three needles and seven lamps.",
    preview: true,
    documentationURL: ENTITIES.docs,
  });
}

export { ClaudeGaugeCard };
