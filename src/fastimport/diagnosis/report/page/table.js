// Tables that can be sorted by each column. Only the rows in sight are in the document: 5,000 modules open quickly.
const HEIGHT = 23;

class Table {
  constructor(box, columns, rows, options = {}) {
    Object.assign(this, { box, columns, rows, shown: rows, pick: options.pick, by: options.by ?? 0, down: options.down ?? false });
    const table = element("table");
    const head = element("tr");
    this.heads = columns.map((column, at) => {
      const cell = element("th", undefined, column.text ? "text" : "");
      const button = element("button", column.name);
      button.type = "button";
      if (column.meaning) button.title = column.meaning;
      button.addEventListener("click", () => this.sort(at));
      cell.append(button);
      head.append(cell);
      return cell;
    });
    const top = element("thead");
    top.append(head);
    this.body = element("tbody");
    table.append(top, this.body);
    box.replaceChildren(table);
    box.addEventListener("scroll", () => this.draw());
    this.order();
  }

  sort(at) {
    this.down = at === this.by ? !this.down : !this.columns[at].text;
    this.by = at;
    this.order();
  }

  filter(keep) {
    this.shown = keep ? this.rows.filter(keep) : this.rows;
    this.order();
  }

  order() {
    const { value, text } = this.columns[this.by];
    const sign = this.down ? -1 : 1;
    const compare = text ? (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) : (a, b) => value(a) - value(b);
    this.shown = [...this.shown].sort((a, b) => sign * compare(a, b));
    this.heads.forEach((head, at) => head.setAttribute("aria-sort", at === this.by ? (this.down ? "descending" : "ascending") : "none"));
    this.box.scrollTop = 0;
    this.draw();
  }

  reveal(row) {
    const at = this.shown.indexOf(row);
    if (at >= 0) this.box.scrollTop = Math.max(0, at * HEIGHT - this.box.clientHeight / 2);
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / HEIGHT) - 15);
    const last = Math.min(this.shown.length, first + Math.ceil((this.box.clientHeight || 420) / HEIGHT) + 30);
    const space = (count) => {
      const row = element("tr");
      row.style.height = count * HEIGHT + "px";
      return row;
    };
    const rows = this.shown.slice(first, last).map((each) => this.row(each));
    const held = this.body.contains(document.activeElement) ? document.activeElement.item : null;
    this.body.replaceChildren(space(first), ...rows, space(this.shown.length - last));
    if (held) rows.find((row) => row.item === held)?.focus({ preventScroll: true });
  }

  row(each) {
    const row = element("tr");
    for (const column of this.columns) {
      const value = column.value(each);
      row.append(element("td", column.text ? value : column.ns ? (value ? ms(value) : "") : value, column.text ? "text" : ""));
    }
    if (this.pick) {
      row.className = each === state.chosen ? "pick chosen" : "pick";
      row.tabIndex = 0;
      row.addEventListener("click", () => this.pick(each));
      row.item = each;
      row.addEventListener("keydown", (event) => {
        const beside = { ArrowDown: row.nextSibling, ArrowUp: row.previousSibling }[event.key];
        if (event.key === "Enter") this.pick(each);
        else if (beside && beside.item) beside.focus();
        else return;
        event.preventDefault();
      });
    }
    return row;
  }
}

const words = (name, value) => ({ name, value, text: true });
const time = (name, value, meaning) => ({ name, value, ns: true, meaning });
const count = (name, value) => ({ name, value });

function startTables() {
  const used = NAMES.filter((kind) => modules.some((each) => each.ns[kind]));
  const kinds = used.map((kind) => time(kind, (each) => each.ns[kind] || 0, data.meanings[kind]));
  const name = words("module", (each) => each.name);
  const own = time("self ms", (each) => each.own, "own cost, without nested imports");
  const all = time("cumulative", (each) => each.all, "with nested imports");
  const by = words("imported by", (each) => each.importer);
  const differs = time("spread", (each) => (each.spread ? each.spread[1] - each.spread[0] : 0), "between the run in which it cost itself least, and most");
  const spread = modules.some((each) => each.spread) ? [differs] : [];
  const table = new Table(byId("modules"), [name, own, all, ...spread, ...kinds, words("form", (each) => each.form), by], modules, { pick: choose, by: 1, down: true });
  listeners.push((what) => {
    if (what === "query") table.filter(state.query ? (each) => state.matches.has(each) : null);
    if (what === "chosen") table.reveal(state.chosen);
  });
  const failed = modules.filter((each) => each.error);
  fill("failed", [name, time("ms", (each) => each.all), by, words("why", (each) => each.error)], failed, { pick: choose, by: 1, down: true });
  const compiled = modules.filter((each) => each.compiled);
  const reasons = [words("why", (each) => each.compiled), words("bytecode", (each) => each.written || "not written")];
  fill("compiled", [name, time("compile ms", (each) => each.ns.compile || 0), ...reasons], compiled, { pick: choose, by: 1, down: true });
  startPackages();
  const at = (index) => (row) => row[index];
  const entries = [words("path entry", at(0)), count("on sys.path", (row) => row[1] ?? ""), time("ms", at(4)), count("asked", at(2)), count("found", at(3)), count("not found", (row) => row[2] - row[3]), count("directory reads", at(5)), time("reading ms", at(6))];
  fill("entries", entries, data.entries, { by: 2, down: true });
  fill("shadowed", [words("name", at(0)), words("imported", at(1)), words("hidden", at(2))], data.shadowed);
}

// One row for each top-level name. What removing it saves is that of its top module: nothing else of it would be left.
function startPackages() {
  const packages = new Map();
  for (const each of modules) {
    const top = each.name.split(".")[0];
    if (!packages.has(top)) packages.set(top, { name: top, own: 0, count: 0, only: null, module: each });
    const sums = packages.get(top);
    sums.own += each.own;
    sums.count += 1;
    if (each.name === top) Object.assign(sums, { only: each.only, module: each });
  }
  const rows = [...packages.values()];
  const columns = [words("package", (row) => row.name), time("self ms", (row) => row.own, "own cost of all its modules"), count("modules", (row) => row.count)];
  if (rows.some((row) => row.only)) columns.push(time("removing it saves", (row) => row.only || 0, "its own cost, and that of what only it needs"));
  fill("packages", columns, rows, { pick: (row) => choose(row.module), by: 1, down: true });
}

function fill(id, columns, rows, options) {
  if (rows.length) new Table(byId(id), columns, rows, options);
  else byId(id).closest("section").hidden = true;
}
