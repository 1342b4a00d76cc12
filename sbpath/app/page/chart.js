/** Axes, lines and areas as SVG at the size of their place, so that texts keep theirs at any width. */

import { plain, svg } from "./dom.js";

const LEFT = 50;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 42;

/** Width and height of places of charts: read when they change, since reading them makes the browser lay out the page. */
const sizes = new Map();

/** Watches the sizes of places of charts, and calls `changed`; a place as high as its chart is watched in width. */
export function watchSizes(places, changed) {
  const measure = () => places.forEach((place) => sizes.set(place, { width: place.clientWidth, height: place.clientHeight }));
  const widths = () => places.map((place) => sizes.get(place)?.width).join();
  const check = (always) => {
    const before = widths();
    measure();
    if (always === true || widths() !== before) changed();
  };
  measure();
  const observer = new ResizeObserver(check);
  places.forEach((place) => observer.observe(place));
  window.addEventListener("resize", () => check(true));
}

export const sizeOf = (place) => sizes.get(place);

/** Round numbers from at most `low` to at least `high`, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** An empty chart in `place`. `x` and `y` have `low`, `high` and `label`; `exact` ends the axis there. */
export function chart(place, title, x, y) {
  const { width, height } = sizeOf(place);
  const inner = { width: Math.max(width - LEFT - RIGHT, 10), height: Math.max(height - TOP - BOTTOM, 10) };
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  const along = axis(x, Math.max(2, Math.floor(inner.width / 90)), LEFT, inner.width);
  const up = axis(y, Math.max(2, Math.floor(inner.height / 45)), TOP + inner.height, -inner.height);
  const foot = TOP + inner.height;
  for (const tick of along.ticks) {
    root.append(svg("line", { class: "grid", x1: along.at(tick), x2: along.at(tick), y1: TOP, y2: foot }),
      svg("text", { x: along.at(tick), y: foot + 16, "text-anchor": "middle" }, plain(tick)));
  }
  for (const tick of up.ticks) {
    root.append(svg("line", { class: "grid", x1: LEFT, x2: LEFT + inner.width, y1: up.at(tick), y2: up.at(tick) }),
      svg("text", { x: LEFT - 6, y: up.at(tick) + 4, "text-anchor": "end" }, plain(tick)));
  }
  root.append(
    svg("text", { x: LEFT + inner.width / 2, y: height - 6, "text-anchor": "middle" }, x.label),
    svg("text", { x: 12, y: TOP + inner.height / 2, "text-anchor": "middle",
      transform: `rotate(-90 12 ${TOP + inner.height / 2})` }, y.label),
  );
  place.replaceChildren(root);
  return { root, x: along.at, y: up.at, back: along.back, left: LEFT, right: LEFT + inner.width, top: TOP, foot };
}

/** The frame, drawn last. */
export function frame(made) {
  made.root.append(svg("rect", {
    class: "frame", x: made.left, y: made.top, width: made.right - made.left, height: made.foot - made.top,
  }));
}

function axis({ low, high, exact }, count, start, length) {
  let marks = ticks(low, high, count);
  const [first, last] = exact ? [low, high] : [marks[0], marks.at(-1)];
  marks = marks.filter((mark) => mark >= first - 1e-9 && mark <= last + 1e-9);
  const scale = length / (last - first || 1);
  return { ticks: marks, at: (value) => start + (value - first) * scale, back: (pixel) => first + (pixel - start) / scale };
}

/** A path through points. */
export function points(made, xs, ys) {
  return xs.map((x, i) => `${i ? "L" : "M"}${made.x(x).toFixed(1)} ${made.y(ys[i]).toFixed(1)}`).join("");
}

/** A line of a class. */
export function line(made, xs, ys, classes) {
  const path = svg("path", { class: `line ${classes}`, d: points(made, xs, ys) });
  made.root.append(path);
  return path;
}

/** An area between two curves over the same x. */
export function area(made, xs, below, above, fill) {
  const there = points(made, xs, above);
  const back = points(made, [...xs].reverse(), [...below].reverse()).replace("M", "L");
  made.root.append(svg("path", { d: `${there}${back}Z`, fill }));
}

/** A pattern that hatches what is drawn in `colour`; its fill. */
export function hatched(root, name, colour) {
  root.append(svg("defs", {}, svg("pattern",
    { id: name, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 8, height: 8, fill: colour }), svg("line", { class: "hatch", x1: 0, x2: 0, y1: 0, y2: 8 }))));
  return `url(#${name})`;
}

/** A small picture of a line (`classes`) or an area (`fill`) for legends. */
export function sample(classes, fill) {
  return fill
    ? svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, svg("rect", { class: "swatch", x: 5, width: 16, height: 12, fill }))
    : svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, svg("path", { class: `line ${classes}`, d: "M1 6H25" }));
}
