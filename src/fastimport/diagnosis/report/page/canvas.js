// What both charts have in common: a canvas in the pixels of the screen, and boxes with labels.
const ROW = 20;

function prepare(canvas, rows) {
  const width = canvas.parentElement.clientWidth;
  const height = Math.max(rows, 1) * ROW;
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = height + "px";
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = colour("ground");
  pen.fillRect(0, 0, width, height);
  pen.font = "12px ui-monospace, monospace";
  pen.textBaseline = "middle";
  return { pen, width, height, colours: Object.fromEntries([...NAMES, "before", "outside", "nested", "accent", "line", "on-kind", "soft", "warn"].map((name) => [name, colour(name)])) };
}

function box(chart, x, y, width, label, fill, look) {
  const { pen, colours } = chart;
  pen.globalAlpha = look.dim ? 0.25 : 1;
  pen.fillStyle = colours[fill] || colours.machinery;
  pen.fillRect(x, y, Math.max(width - 1, 0.5), ROW - 1);
  if (look.failed && width > 3) {
    pen.fillStyle = colours.warn;
    pen.fillRect(x, y, 3, ROW - 1);
  }
  if (width > 28) {
    const room = Math.floor((width - 10) / 7.3);
    pen.fillStyle = colours["on-kind"];
    pen.fillText(label.length > room ? label.slice(0, Math.max(room - 1, 1)) + "…" : label, x + 6, y + ROW / 2);
  }
  pen.globalAlpha = 1;
  if (look.chosen) {
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 2;
    pen.strokeRect(x + 1, y + 1, Math.max(width - 3, 1), ROW - 3);
  }
}

const lookOf = (module) => ({
  dim: state.query !== "" && !state.matches.has(module),
  chosen: module === state.chosen,
  failed: Boolean(module.error),
});

function follow(canvas, draw) {
  new ResizeObserver(() => requestAnimationFrame(draw)).observe(canvas.parentElement);
}
