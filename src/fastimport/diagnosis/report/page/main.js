// Data, formatting, and what the parts of the page tell each other. No text is ever set as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const NAMES = data.kinds;
const modules = data.modules.map((row, id) => {
  const [name, parent, thread, start, end, costs, form, importer, origin, entry, size, compiled, written, error, spread, importers, only, late] = row;
  const ns = {};
  for (let at = 0; at < costs.length; at += 2) ns[NAMES[costs[at]]] = costs[at + 1];
  const own = Object.entries(ns).reduce((sum, [kind, value]) => (kind === "collect" ? sum : sum + value), 0); // as in the text
  // A box whose width is almost all nested imports has the colour of none of its own costs.
  const largest = Object.keys(ns).sort((a, b) => ns[b] - ns[a])[0] || "machinery";
  const kind = own * 10 < end - start ? "nested" : largest;
  return { id, name, parent, thread, start, end, ns, own, all: end - start, kind, form, importer, origin, entry, size, compiled, written, error, spread, importers, only, late, nested: [] };
});
for (const each of modules) if (each.parent >= 0) modules[each.parent].nested.push(each);

const ms = (ns) => (ns / 1e6).toFixed(Math.abs(ns) >= 1e7 ? 1 : 2);
const share = (ns) => (data.total ? ((100 * ns) / data.total).toFixed(1) + " %" : "");
const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim() || "#999";

const state = { chosen: null, query: "", matches: new Set() };
const listeners = [];
const changed = (what) => listeners.forEach((listener) => listener(what));

function choose(module) {
  state.chosen = module;
  history.replaceState(null, "", module ? "#" + encodeURIComponent(module.name) : " ");
  changed("chosen");
}

function chooseByFragment() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return; // a fragment that somebody has cut short
  }
  const found = name && modules.find((each) => each.name === name);
  if (found) choose(found);
}

function search(text) {
  state.query = text.trim().toLowerCase();
  state.matches = new Set(state.query ? modules.filter((each) => each.name.toLowerCase().includes(state.query)) : []);
  byId("matches").textContent = state.query ? `${state.matches.size} of ${modules.length}` : "";
  changed("query");
}

function showHead() {
  byId("headline").textContent = data.headline;
  const shares = byId("shares");
  const legend = byId("legend");
  for (const [name, key, ns, meaning] of data.parts) {
    const bar = element("div");
    bar.style.flex = `${ns} 0 0`;
    bar.style.background = `var(--${key})`;
    bar.title = `${name}: ${ms(ns)} ms, ${share(ns)}`;
    shares.append(bar);
    const item = element("li");
    const swatch = element("i");
    swatch.style.background = `var(--${key})`;
    item.title = meaning;
    item.append(swatch, `${name} ${ms(ns)} ms, ${share(ns)}`);
    legend.append(item);
  }
  showChanges();
  for (const note of data.notes) byId("notes").append(element("p", note));
}

function showChanges() {
  if (data.could_be === null) return;
  byId("advice").hidden = false;
  const total = `${ms(data.total)} ms now`;
  byId("h-changes").textContent = data.changes.length ? `What to change: ${total}; could be ${ms(data.could_be)} ms` : `Nothing to change was found: ${total}`;
  for (const [saving, title, places, why, edit, risk, measured] of data.changes) {
    const item = element("li");
    item.append(element("b", `−${ms(saving)} ms `), `${title}, ${why}${measured && ` (measured: ${measured})`}`);
    if (places.length) item.append(element("span", places.join(", "), "place"));
    if (edit) item.append(element("code", edit, "edit"));
    if (risk) item.append(element("span", `careful: ${risk}`, "warn"));
    byId("changes").append(item);
  }
}

function showChosen() {
  const box = byId("chosen");
  const module = state.chosen;
  if (!module) return;
  const list = element("dl");
  const row = (name, value, warn) => {
    if (value === null || value === "" || value === undefined) return;
    list.append(element("dt", name), element("dd", String(value), warn ? "warn" : ""));
  };
  row("module", module.name);
  row("cumulative", `${ms(module.all)} ms, ${share(module.all)}`);
  row("self", `${ms(module.own)} ms, ${share(module.own)}`);
  if (module.only !== null) row("removing it saves", `${ms(module.only)} ms: its own, and of what only it needs`);
  if (module.spread) row("self, in all runs", `${ms(module.spread[0])} to ${ms(module.spread[1])} ms`);
  for (const kind of NAMES) if (module.ns[kind]) row(kind, `${ms(module.ns[kind])} ms`);
  row("error", module.error, true);
  if (module.late) row("late, first used in", module.importer);
  else row(module.importers && module.importers.length > 1 ? "first imported by" : "imported by", module.importer);
  if (module.importers && module.importers.length > 1) row(`all ${module.importers.length} importers`, module.importers.join(", "));
  row("file", module.origin);
  row("path entry", module.entry);
  row("form", module.form);
  row("bytes", module.size);
  row("compiled", module.compiled, true);
  row("bytecode", module.written);
  row("thread", data.threads[module.thread][0]);
  box.replaceChildren(list);
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
  byId("theme").textContent = dark ? "Light page" : "Dark page";
  changed("theme");
}

function start() {
  showHead();
  byId("query").addEventListener("input", (event) => search(event.target.value));
  const wanted = matchMedia("(prefers-color-scheme: dark)");
  wanted.addEventListener("change", () => setTheme(wanted.matches));
  byId("theme").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme !== "dark");
    remember(document.documentElement.dataset.theme);
  });
  addEventListener("hashchange", chooseByFragment);
  document.addEventListener("keydown", (event) => {
    if (event.target === byId("query") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      byId("query").focus();
    } else if (event.key === "n" && state.matches.size) {
      const found = [...state.matches];
      choose(found[(found.indexOf(state.chosen) + 1) % found.length]);
    }
  });
  listeners.push((what) => what === "chosen" && showChosen());
  startIcicle();
  startTables();
  startTimeline();
  const kept = remembered();
  setTheme(kept ? kept === "dark" : wanted.matches);
  chooseByFragment();
}

// Some browsers keep nothing for pages that are files.
function remember(theme) {
  try {
    localStorage.setItem("fastimport-theme", theme);
  } catch {}
}

function remembered() {
  try {
    return localStorage.getItem("fastimport-theme");
  } catch {
    return null;
  }
}
