// Real time from left to right, a band for each thread, nested imports below one another.
const timeline = { from: 0, to: 1, shown: [] };

function startTimeline() {
  byId("timeline").closest("section").hidden = data.threads.length < 2; // the chart above has one thread's order already
  timeline.end = Math.max(1, ...data.threads.map((thread) => thread[2]));
  timeline.to = timeline.end;
  timeline.depths = modules.map(() => 0);
  timeline.rows = data.threads.map(() => 1);
  for (const each of modules) {
    timeline.depths[each.id] = each.parent >= 0 ? timeline.depths[each.parent] + 1 : 0;
    timeline.rows[each.thread] = Math.max(timeline.rows[each.thread], timeline.depths[each.id] + 1);
  }
  const canvas = byId("timeline");
  const place = (event) => {
    const frame = canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  };
  const moment = (x) => timeline.from + (x / canvas.parentElement.clientWidth) * (timeline.to - timeline.from);
  let held = null;
  canvas.addEventListener("mousedown", (event) => (held = place(event)[0]));
  canvas.addEventListener("mouseup", (event) => {
    const [x, y] = place(event);
    if (held !== null && Math.abs(x - held) > 5) showStretch(moment(Math.min(x, held)), moment(Math.max(x, held)));
    else {
      const hit = timeline.shown.find((each) => x >= each.x && x < each.x + each.width && y >= each.y && y < each.y + ROW);
      if (hit) choose(hit.module);
    }
    held = null;
  });
  canvas.addEventListener("dblclick", () => showStretch(0, timeline.end));
  canvas.addEventListener("keydown", (event) => {
    const [middle, half] = [(timeline.from + timeline.to) / 2, (timeline.to - timeline.from) / 2];
    const step = half / 4;
    if (event.key === "Escape" || event.key === "Home") showStretch(0, timeline.end);
    else if (event.key === "+" || event.key === "=") showStretch(middle - half / 2, middle + half / 2);
    else if (event.key === "-") showStretch(middle - half * 2, middle + half * 2);
    else if (event.key === "ArrowLeft") showStretch(timeline.from - step, timeline.to - step);
    else if (event.key === "ArrowRight") showStretch(timeline.from + step, timeline.to + step);
    else return;
    event.preventDefault();
  });
  listeners.push(drawTimeline);
  follow(canvas, drawTimeline);
}

function showStretch(from, to) {
  const length = Math.min(Math.max(to - from, 1000), timeline.end);
  timeline.from = Math.min(Math.max(from, 0), timeline.end - length);
  timeline.to = timeline.from + length;
  drawTimeline();
}

function drawTimeline() {
  const canvas = byId("timeline");
  const tops = [];
  let rows = 1;
  for (const each of timeline.rows) {
    tops.push(rows + 1);
    rows += each + 1;
  }
  const chart = prepare(canvas, rows);
  const scale = chart.width / (timeline.to - timeline.from);
  chart.pen.fillStyle = chart.colours.soft;
  for (let tick = 0; tick < 6; tick++) {
    chart.pen.fillText(`${ms(timeline.from + ((timeline.to - timeline.from) * tick) / 6)} ms`, (chart.width * tick) / 6 + 2, ROW / 2);
  }
  data.threads.forEach((thread, at) => chart.pen.fillText(thread[0], 2, (tops[at] - 0.5) * ROW));
  timeline.shown = [];
  const reached = new Map();
  for (const module of modules) {
    const x = Math.max((module.start - timeline.from) * scale, 0);
    const end = Math.min((module.end - timeline.from) * scale, chart.width);
    const row = tops[module.thread] + timeline.depths[module.id];
    if (end <= 0 || x >= chart.width || end <= (reached.get(row) ?? -1) + 0.4) continue;
    reached.set(row, end);
    timeline.shown.push({ module, x, width: end - x, y: row * ROW });
    box(chart, x, row * ROW, end - x, module.name, module.kind, lookOf(module));
  }
}
