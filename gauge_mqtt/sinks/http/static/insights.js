/** The second page: the insights of today, of 7 or of 30 days. What the keys are called and where they stand is in the schema. */

const REFRESH_MS = 60000;
const UNTIL_KNOWN_MS = 1000;
const LARGEST = 8; // entries of a map that are shown
const period = new URLSearchParams(location.search).get("period") ?? "day";
const groups = document.querySelector("#groups");
const span = document.querySelector("#span");

for (const link of document.querySelectorAll("nav a[href^='?']")) {
  if (link.getAttribute("href") === `?period=${period}`) link.setAttribute("aria-current", "page");
}

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** Broken numbers have all their decimals, so that they stand below each other. */
function number(value, digits = 2) {
  const minimumFractionDigits = Number.isInteger(value) ? 0 : digits;
  return value.toLocaleString("en", { minimumFractionDigits, maximumFractionDigits: digits });
}

/** One value with its unit, as the terminal says it. */
function said(value, unit) {
  if (value === null) return "unknown";
  if (unit === "ratio") return `${number(100 * value, 1)} %`;
  if (unit === "USD") return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  if (unit === "min") return value >= 90 ? `${number(value / 60, 1)} h` : `${number(value, 1)} min`;
  return number(value);
}

function bars(counts, ordered) {
  const entries = Object.entries(counts).filter(([, n]) => n > 0);
  if (!ordered) entries.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const most = Math.max(...entries.map(([, n]) => n));
  const list = element("ol");
  for (const [name, n] of entries.slice(0, LARGEST)) {
    const row = element("li");
    const bar = element("b");
    bar.style.width = `${(100 * n) / most}%`;
    row.append(element("span", name.replaceAll("_", " ")), bar, element("span", number(n)));
    list.append(row);
  }
  return entries.length ? list : null;
}

function columns(hours) {
  const most = Math.max(...hours);
  const list = element("ol", undefined, "hours");
  hours.forEach((n, hour) => {
    const row = element("li");
    row.title = `${String(hour).padStart(2, "0")}:00, ${n}`;
    row.setAttribute("aria-label", row.title);
    const bar = element("b", undefined, n ? "" : "none");
    if (n) bar.style.height = `${(100 * n) / most}%`;
    row.append(bar);
    list.append(row);
  });
  if (!most) return null;
  const axis = element("p", undefined, "axis");
  axis.setAttribute("aria-hidden", "true"); // each column says its hour itself
  axis.append(...["00", "06", "12", "18", "24"].map((hour) => element("span", hour)));
  const chart = element("div");
  chart.append(list, axis);
  return chart;
}

function section(name, keys, told) {
  const made = element("section");
  const list = element("dl");
  made.append(element("h2", name), list);
  if (keys.every(([key]) => told[key] === null)) {
    list.replaceWith(element("p", "all unknown", "unknown"));
    return made;
  }
  for (const [key, spec] of keys) {
    const value = told[key];
    if (value !== null && typeof value === "object") {
      const chart = Array.isArray(value) ? columns(value) : bars(value, spec["x-ordered"]);
      if (chart) {
        const title = element("h3", spec.title);
        title.title = spec.description;
        made.append(title, chart);
      }
    } else {
      const row = element("div");
      const term = element("dt", spec.title);
      term.title = spec.description;
      row.append(term, element("dd", said(value, spec["x-unit"]), value === null ? "unknown" : ""));
      list.append(row);
    }
  }
  if (!list.children.length) list.remove();
  return made;
}

function show(told, schema) {
  if (told === null) {
    span.textContent = "The history is being read.";
    return;
  }
  span.textContent = told.first_day === told.last_day ? told.last_day : `${told.first_day} to ${told.last_day}`;
  const named = Object.entries(schema.properties).filter(([, spec]) => spec["x-group"]);
  const names = [...new Set(named.map(([, spec]) => spec["x-group"]))];
  groups.replaceChildren(...names.map((name) => section(name, named.filter(([, spec]) => spec["x-group"] === name), told)));
}

/** `known`: the schema, once it was fetched. */
async function refresh(known) {
  let schema = known;
  let again = REFRESH_MS;
  try {
    const answer = await fetch(`insights?period=${encodeURIComponent(period)}`);
    if (answer.ok) {
      const told = await answer.json();
      schema ??= await (await fetch("insights/schema")).json();
      show(told, schema);
      if (told === null) again = UNTIL_KNOWN_MS;
    } else {
      span.textContent = (await answer.text()).trim();
    }
  } catch {
    span.textContent = "The publisher is gone.";
  }
  setTimeout(refresh, again, schema);
}

refresh();
