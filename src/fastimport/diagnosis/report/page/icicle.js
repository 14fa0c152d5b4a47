// The import tree: width is cumulative time, nested imports hang below, what is left of the width is the import's own cost.
const icicle = { zoom: null, shown: [] };

function topOfTree() {
  const nested = modules.filter((each) => each.parent < 0 && each.thread === 0);
  const before = { name: "interpreter and site", all: data.before, kind: "before", nested: [], own: data.before };
  const all = data.threads.length ? data.before + data.threads[0][2] - data.threads[0][1] : 0;
  const others = data.threads.slice(1).map((thread, at) => {
    const own = modules.filter((each) => each.parent < 0 && each.thread === at + 1);
    return { name: "thread " + thread[0], nested: own, all: own.reduce((sum, each) => sum + each.all, 0), kind: "outside", own: 0 };
  });
  const sum = (list) => list.reduce((total, each) => total + each.all, 0);
  const main = { name: data.program, nested: data.before ? [before, ...nested] : nested, kind: "outside", own: 0 };
  main.all = Math.max(all, sum(main.nested));
  return others.some((each) => each.all) ? { name: "all threads", nested: [main, ...others], all: main.all + sum(others), kind: "outside", own: 0 } : main;
}

function startIcicle() {
  icicle.top = topOfTree();
  const link = (node, above) => {
    const stack = [[node, above]];
    while (stack.length) {
      const [each, parent] = stack.pop();
      each.above = parent;
      for (const nested of each.nested) stack.push([nested, each]);
    }
  };
  link(icicle.top, null);
  icicle.zoom = icicle.top;
  const canvas = byId("icicle");
  const at = (event) => {
    const frame = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    return icicle.shown.find((each) => x >= each.x && x < each.x + each.width && y >= each.y && y < each.y + ROW);
  };
  canvas.addEventListener("click", (event) => {
    const hit = at(event);
    if (!hit) return;
    if (hit.node.id !== undefined) choose(hit.node);
    zoomTo(hit.node);
  });
  canvas.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    zoomOut();
  });
  canvas.addEventListener("mousemove", (event) => {
    const hit = at(event);
    canvas.title = hit ? `${hit.node.name}\n${ms(hit.node.all)} ms, own ${ms(hit.node.own)} ms` : "";
  });
  canvas.addEventListener("keydown", moveByKey);
  byId("out").addEventListener("click", zoomOut);
  listeners.push((what) => {
    if (what === "chosen" && state.chosen && !isBelow(state.chosen, icicle.zoom)) icicle.zoom = state.chosen.above || icicle.top;
    drawIcicle();
  });
  follow(canvas, drawIcicle);
}

function isBelow(node, ancestor) {
  for (let each = node; each; each = each.above) if (each === ancestor) return true;
  return false;
}

function zoomTo(node) {
  icicle.zoom = node;
  drawIcicle();
}

function zoomOut() {
  zoomTo(icicle.zoom.above || icicle.top);
}

function moveByKey(event) {
  const node = state.chosen || icicle.zoom;
  const beside = node.above ? node.above.nested : [node];
  const place = beside.indexOf(node);
  const target = { ArrowUp: node.above, ArrowDown: node.nested[0], ArrowLeft: beside[place - 1], ArrowRight: beside[place + 1] }[event.key];
  if (event.key === "Enter") zoomTo(node);
  else if (event.key === "Escape" || event.key === "Backspace") zoomOut();
  else if (event.key === "Home") zoomTo(icicle.top);
  else if (event.key.startsWith("Arrow")) {
    if (target && target.id !== undefined) choose(target);
  } else return;
  event.preventDefault();
}

function drawIcicle() {
  const canvas = byId("icicle");
  const trail = [];
  for (let each = icicle.zoom; each; each = each.above) trail.unshift(each);
  const width = canvas.parentElement.clientWidth;
  icicle.shown = [];
  const stack = trail.slice(0, -1).map((node, row) => [node, 0, width, row]).concat([[icicle.zoom, 0, width, trail.length - 1]]);
  const zoomRow = trail.length - 1;
  let rows = 1;
  while (stack.length) {
    const [node, x, room, row] = stack.pop();
    icicle.shown.push({ node, x, width: room, y: row * ROW });
    rows = Math.max(rows, row + 1);
    if (row < zoomRow) continue;
    let left = x;
    for (const each of node.nested) {
      const part = node.all ? (room * each.all) / node.all : 0;
      if (part >= 0.6) stack.push([each, left, part, row + 1]);
      left += part;
    }
  }
  const chart = prepare(canvas, rows);
  for (const { node, x, y, width: room } of icicle.shown) box(chart, x, y, room, `${node.name} ${ms(node.all)}`, node.kind, lookOf(node));
  byId("out").disabled = icicle.zoom === icicle.top;
  const links = trail.map((node) => {
    const button = element("button", node.name);
    button.type = "button";
    button.addEventListener("click", () => zoomTo(node));
    return button;
  });
  byId("trail").replaceChildren(...links.flatMap((button, at) => (at ? [" › ", button] : [button])));
}
