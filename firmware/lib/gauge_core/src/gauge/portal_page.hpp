// Made by python firmware/tools/portal_page.py from firmware/portal/page.html, do not edit.
#pragma once

namespace gauge {

inline constexpr char kPortalPage[] = R"page(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>claude-gauge: set-up</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --paper: #ece7dc; --card: #f8f1e1; --ink: #2b2622; --quiet: #5f574f; --line: #b9b0a1; --mark: #7b1330; --on-mark: #fff; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #1b1a19; --card: #272522; --ink: #ece4d6; --quiet: #a99f92; --line: #57514a; --mark: #d98a9d; --on-mark: #241318; }
  }
  body { max-width: 30rem; margin: 0 auto; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.4 system-ui, sans-serif; }
  h1 { margin: .5rem 0 0; font-size: 1.4rem; }
  header p { margin: .2rem 0 1rem; color: var(--quiet); }
  fieldset { margin: 0 0 1rem; padding: .5rem 1rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
  legend, summary { font-weight: 600; }
  details { margin: .8rem 0 0; }
  label { display: block; margin: .8rem 0 0; }
  label small, p small { display: block; color: var(--quiet); }
  input, select { box-sizing: border-box; width: 100%; min-height: 2.75rem; padding: .4rem .6rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .3rem; }
  .wrong, .told-wrong { color: var(--mark); }
  .wrong { display: block; min-height: 0; }
  [aria-invalid] { border-color: var(--mark); border-width: 2px; }
  :focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
  .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; }
  .seen { display: flex; gap: .5rem; }
  .seen input { min-width: 0; }
  button { min-height: 2.75rem; padding: .4rem 1rem; font: inherit; border: 1px solid var(--line); border-radius: .3rem; background: var(--paper); color: inherit; }
  button.save { width: 100%; font-weight: 600; color: var(--on-mark); background: var(--mark); border: 0; }
  #networks { display: grid; gap: .4rem; margin: .6rem 0 0; }
  #networks[hidden] { display: none; }
  #networks button { display: flex; justify-content: space-between; gap: 1rem; text-align: left; overflow-wrap: anywhere; }
  #networks small { flex: none; color: var(--quiet); }
  [role=status] { min-height: 1.4em; font-weight: 600; }
</style>

<main>
<header>
  <h1>claude-gauge</h1>
  <p id="device">Set-up</p>
  <p id="now" role="status"></p>
</header>
<noscript><p class="told-wrong">This page needs JavaScript. Without it, the USB console sets everything too.</p></noscript>

<form id="form" autocapitalize="none" autocomplete="off" novalidate>
  <fieldset>
    <legend>Wi-Fi</legend>
    <div id="networks" role="group" aria-label="Networks that the gauge sees" hidden></div>
    <label>Name <small>2.4 GHz</small> <input name="wifi_ssid" maxlength="32"></label>
    <label>Password <small>none: an open network</small> <input name="wifi_password" type="password" maxlength="64"></label>
  </fieldset>

  <fieldset>
    <legend>Where the numbers come from</legend>
    <label>MQTT broker <small>name or address in your house, without mqtt://</small> <input name="broker_host" maxlength="64" inputmode="url"></label>
    <label>User <small>if the broker asks for one</small> <input name="broker_user" maxlength="64"></label>
    <label>Password <input name="broker_password" type="password" maxlength="64"></label>
    <details>
      <summary>More</summary>
      <label>Port <input name="broker_port" inputmode="numeric"></label>
      <label>Publisher <small>its instance; empty: the first one online</small> <input name="instance" maxlength="32"></label>
      <label>Address of /usage <small>asked where there is no broker: http://desk:8080/usage</small> <input name="http_url" maxlength="128" inputmode="url"></label>
    </details>
  </fieldset>

  <fieldset>
    <legend>The gauge</legend>
    <label>Lamps <select name="light"><option>on</option><option>off</option></select></label>
    <label>Brightness <small>1 to 255</small> <input name="brightness" inputmode="numeric"></label>
    <label>Quiet start <small>no sweep and no lamp check at power-on</small> <select name="quiet_boot"><option>off</option><option>on</option></select></label>
    <details>
      <summary>More</summary>
      <label>Light sensor <small>on, if there is one: lamps dim in the dark</small> <select name="light_sensor"><option>off</option><option>on</option></select></label>
      <label>Update password <small>allows updates over Wi-Fi; empty: none</small> <input name="ota_password" type="password" maxlength="64"></label>
    </details>
    <details>
      <summary>Calibration</summary>
      <p><small>In thirds of a degree, from -45 to 45; more is clockwise.</small></p>
      <div class="pair">
        <label>5h, zero <input name="trim_5h_zero"></label> <label>5h, full scale <input name="trim_5h_full"></label>
        <label>Tach, zero <input name="trim_tach_zero"></label> <label>Tach, full scale <input name="trim_tach_full"></label>
        <label>7d, zero <input name="trim_7d_zero"></label> <label>7d, full scale <input name="trim_7d_full"></label>
      </div>
    </details>
  </fieldset>

  <p role="status" id="told"></p>
  <button class="save">Save and restart</button>
</form>
</main>

<script>
  "use strict";
  const form = document.getElementById("form");
  const told = document.getElementById("told");
  let saved = false;

  function tell(words, wrong = false) {
    told.textContent = words;
    told.classList.toggle("told-wrong", wrong);
  }

  // Puts what is wrong beside its field, and takes the one of before away.
  function mark(name, words) {
    for (const old of form.querySelectorAll(".wrong")) old.remove();
    for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
    const field = name && form.elements[name];
    if (!field) return;
    const note = document.createElement("strong");
    note.className = "wrong";
    note.textContent = words;
    field.after(note);
    field.setAttribute("aria-invalid", "true");
    for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    field.focus();
  }

  // A password is a field to look at, and says whether one is set: the device never tells it.
  for (const field of form.querySelectorAll("[type=password]")) {
    const row = document.createElement("span"), button = document.createElement("button");
    row.className = "seen";
    button.type = "button";
    button.textContent = "Show";
    button.setAttribute("aria-label", "Show the password");
    button.onclick = () => {
      const hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      button.textContent = hidden ? "Hide" : "Show";
    };
    field.before(row);
    row.append(field, button);
  }

  // One that is set stays when its field is left empty, so that it takes a button to be without.
  function offerRemoval(field) {
    const button = document.createElement("button"), wish = document.createElement("input");
    wish.type = "hidden";
    wish.name = `remove_${field.name}`;
    wish.disabled = true;
    button.type = "button";
    button.textContent = "Remove";
    button.setAttribute("aria-label", "Remove the password");
    button.setAttribute("aria-pressed", "false");
    button.onclick = () => {
      wish.disabled = !wish.disabled;
      field.readOnly = !wish.disabled;
      if (field.readOnly) field.value = "";
      field.placeholder = field.readOnly ? "none" : "as it is";
      button.setAttribute("aria-pressed", String(field.readOnly));
    };
    field.parentElement.append(button, wish);
  }

  function showNow(wrong) {
    const now = document.getElementById("now"), words = wrong ? `Right now ${wrong}.` : "Right now nothing is wrong.";
    if (now.textContent !== words) now.textContent = words;
    now.classList.toggle("told-wrong", Boolean(wrong));
  }

  async function load() {
    const state = await (await fetch(`${location.origin}/state`)).json();
    document.getElementById("device").textContent = `Set-up of ${state.name}, firmware ${state.version}`;
    showNow(state.wrong);
    for (const [key, value] of Object.entries(state.settings)) {
      const field = form.elements[key];
      if (!field) continue;
      if (typeof value === "boolean") field.placeholder = value ? "as it is" : "not set";
      else field.value = value;
      if (value === true) offerRemoval(field);
    }
    setTimeout(watch, 3000);
  }

  // For as long as the gauge answers, and until it is told to restart.
  async function watch() {
    if (saved) return;
    try {
      showNow((await (await fetch(`${location.origin}/state`)).json()).wrong);
      setTimeout(watch, 3000);
    } catch {
      if (!saved) showNow("the gauge does not answer");
    }
  }

  form.onsubmit = async (event) => {
    event.preventDefault();
    mark();
    tell("Saving");
    try {
      const headers = { "x-claude-gauge": "1" };
      const answer = await fetch(`${location.origin}/save`, { method: "POST", headers, body: new URLSearchParams(new FormData(form)) });
      const said = await answer.json();
      saved = said.saved;
      if (saved) return tell("Saved. The gauge restarts and joins your network; this one goes away.");
      mark(said.key, said.wrong);
      tell(`Not saved: ${said.wrong}.`, true);
    } catch {
      tell("The gauge did not answer. Are you still on its network?", true);
    }
  };

  // What the device saw when its set-up network opened; it may still be at it.
  async function list(tries = 8) {
    const networks = await (await fetch(`${location.origin}/networks`)).json();
    if (!networks.length && tries) setTimeout(() => list(tries - 1).catch(() => undefined), 1500);
    const box = document.getElementById("networks");
    box.hidden = !networks.length;
    box.replaceChildren(...networks.map(({ name, rssi, password }) => {
      const button = document.createElement("button"), note = document.createElement("small");
      note.textContent = (rssi > -60 ? "strong" : rssi > -75 ? "good" : "weak") + (password ? "" : ", open");
      button.type = "button";
      button.append(name, note);
      button.onclick = () => {
        form.elements.wifi_ssid.value = name;
        form.elements.wifi_password.focus();
      };
      return button;
    }));
  }

  list().catch(() => undefined); // the name can be typed
  load().catch(() => tell("The gauge does not say what is set. Load this page again.", true));
</script>
)page";

}  // namespace gauge
