/** The graph of phases, each transformation as an arrow as wide as the share of the host that took it. */

import { sizeOf } from "./chart.js";
import { svg } from "./dom.js";

/** Radius of a node, longest name in one, largest distance of columns, and the least distance of nodes (pixels). */
const RADIUS = 27;
const NAME = 8;
const COLUMN = 360;
const LEAST = 92;
/** Distance and half height of the rungs of a ladder, and the width of a letter. */
const RUNG = 72;
const HALF = 15;
const LETTER = 6.6;
/** Place for arrows and their shares beside a ladder. */
const SIDE = 72;
/** Largest width of an arrow, and the share below which it is grey. */
const WIDEST = 13;
const USED = 0.005;
const MARGIN = 14;
/** A place that is not laid out has no width. */
const NARROWEST = 240;

/** Draws `graph` in `place`, as a ladder if its nodes do not fit side by side; `title` is read out. */
export function drawGraph(place, graph, title) {
  const width = Math.max(sizeOf(place).width, NARROWEST);
  const { nodes, arrow } = sideBySide(graph, width) ?? ladder(graph, width);
  const arrows = graph.edges.map((edge) => drawn(edge, arrow(nodes.get(edge.from), nodes.get(edge.to), look(edge))));
  const ys = [...nodes.values()].flatMap((node) => [node.y - node.tall, node.y + node.tall]).concat(arrows.flatMap((one) => one.reach));
  const top = Math.min(...ys) - MARGIN;
  const height = Math.max(...ys) + MARGIN - top;
  const root = svg("svg", { viewBox: `0 ${top} ${width} ${height}`, width, height, role: "img", "aria-label": title });
  arrows.sort((one, other) => one.share - other.share);
  root.append(...arrows.map((one) => one.line));
  for (const { x, y, wide, tall, label, colour, crystalline } of nodes.values()) {
    root.append(
      svg("rect", { class: "node", x: x - wide, y: y - tall, width: 2 * wide, height: 2 * tall, rx: tall, stroke: colour, "stroke-dasharray": crystalline ? null : "5 4" }),
      svg("text", { x, y: y + 4.5, "text-anchor": "middle", ...squeezed(label, 2 * wide - 12) }, label));
  }
  root.append(...arrows.map((one) => one.name));
  place.replaceChildren(root);
}

/** A long name is set narrower. */
const squeezed = (label, room) => (LETTER * label.length > room ? { textLength: room, lengthAdjust: "spacingAndGlyphs" } : {});

/** Nodes as circles at their places, unless they come too near or their names are too long. */
function sideBySide({ nodes }, width) {
  const xs = nodes.map((node) => node.x);
  const spread = Math.max(...xs) - Math.min(...xs) || 1;
  const column = Math.min(...xs.flatMap((x) => xs.filter((other) => other > x).map((other) => other - x)), spread);
  const unit = Math.min((width - 2 * (RADIUS + MARGIN)) / spread, COLUMN / column);
  const left = (width - unit * spread) / 2;
  const placed = nodes.map((node) => ({ ...node, x: left + (node.x - Math.min(...xs)) * unit, y: -node.y * unit, wide: RADIUS, tall: RADIUS }));
  const near = placed.some((one, i) => placed.slice(0, i).some((other) => Math.hypot(one.x - other.x, one.y - other.y) < LEAST));
  if (near || nodes.some((node) => node.label.length > NAME)) return null;
  return { nodes: new Map(placed.map((node) => [node.name, node])), arrow: bent };
}

/** An arrow bent to the left of who walks it: forth and back do not meet. */
function bent(from, to, { width, tip }) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [px, py] = [(to.y - from.y) / length, (from.x - to.x) / length];
  const away = 24 + 0.32 * length;
  const control = { x: (from.x + to.x) / 2 + away * px, y: (from.y + to.y) / 2 + away * py };
  const start = towards(from, control, RADIUS + 2);
  const neck = towards(to, control, RADIUS + 3 + tip);
  const aside = 11 + width / 2;
  const name = { x: middle(start.x, control.x, neck.x) + aside * px, y: middle(start.y, control.y, neck.y) + aside * py + 4, anchor: Math.abs(px) < 0.5 ? "middle" : px > 0 ? "start" : "end" };
  return { start, control, neck, end: towards(to, control, RADIUS + 3), name };
}

/** Nodes below each other by alkali content, with the way down on the right and the way up on the left. */
function ladder({ nodes }, width) {
  const order = [...nodes].sort((one, other) => one.x - other.x || other.y - one.y);
  const wide = Math.min(0.5 * LETTER * Math.max(...nodes.map((node) => node.label.length)) + 14, width / 2 - SIDE);
  const room = Math.max(width / 2 - wide - SIDE + 18, 18);
  const longest = (nodes.length - 1) * RUNG;
  const arrow = (from, to, { tip }) => {
    const [side, down] = to.y > from.y ? [1, 1] : [-1, -1];
    const edge = width / 2 + side * (wide + 2);
    const length = Math.abs(to.y - from.y);
    const away = Math.min(2 * room, 28 + 2 * room * (length / longest) ** 1.2);
    const [start, end] = [{ x: edge, y: from.y + 5 * down }, { x: edge, y: to.y - 5 * down }];
    const control = { x: edge + side * away, y: (from.y + to.y) / 2 };
    const neck = towards(end, control, tip);
    const name = { x: middle(start.x, control.x, neck.x) + side * 10, y: control.y + 4, anchor: side > 0 ? "start" : "end" };
    return { start, control, neck, end, name };
  };
  return { nodes: new Map(order.map((node, i) => [node.name, { ...node, x: width / 2, y: i * RUNG, wide, tall: HALF }])), arrow };
}

function look(edge) {
  const way = edge.extraction > edge.insertion ? "extraction" : "insertion";
  const share = edge[way];
  const used = share > USED;
  const width = used ? Math.max(1.5, WIDEST * share) : 1.2;
  return { share, width, classes: used ? way : "", tip: Math.max(8, 1.5 * width) };
}

/** The picture of an arrow: line and tip, and its share. */
function drawn(edge, { start, control, neck, end, name }) {
  const { share, width, classes, tip } = look(edge);
  const [ux, uy] = [(neck.x - end.x) / tip, (neck.y - end.y) / tip];
  const side = Math.max(4, 0.95 * width);
  const wings = `${neck.x - side * uy} ${neck.y + side * ux} ${neck.x + side * uy} ${neck.y - side * ux}`;
  const line = svg("g", {},
    svg("path", { class: `edge ${classes}`, "stroke-width": width, d: `M${start.x} ${start.y}Q${control.x} ${control.y} ${neck.x} ${neck.y}` }),
    svg("polygon", { class: `tip ${classes}`, points: `${end.x} ${end.y} ${wings}` }));
  const text = classes ? svg("text", { class: classes, x: name.x, y: name.y, "text-anchor": name.anchor }, `${Math.round(100 * share) || "<1"} %`) : "";
  return { share, line, name: text, reach: [middle(start.y, control.y, neck.y), ...(classes ? [name.y - 12, name.y] : [])] };
}

/** The middle of a quadratic curve. */
const middle = (start, control, end) => (start + 2 * control + end) / 4;

function towards(from, to, distance) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: from.x + (distance * (to.x - from.x)) / length, y: from.y + (distance * (to.y - from.y)) / length };
}
