/** The graph of phases, each transformation as an arrow as wide as the share of the host that took it. */

import { sizeOf } from "./chart.js";
import { svg } from "./dom.js";

/** Place between columns and rows, radius of a node, and the largest width of an arrow (pixels). */
const COLUMN = 190;
const RADIUS = 27;
const WIDEST = 13;
/** Share below which an arrow is grey. */
const USED = 0.005;
const MARGIN = 14;

/** Draws `graph` in `place`; `title` is read out. */
export function drawGraph(place, graph, title) {
  const xs = [...new Set(graph.nodes.map((node) => node.x))];
  const { width } = sizeOf(place);
  const available = width - 2 * (RADIUS + MARGIN);
  const spread = Math.max(...xs) - Math.min(...xs) || 1;
  const unit = Math.min(available / spread, COLUMN);
  const left = RADIUS + MARGIN + Math.max(0, (available - unit * spread) / 2);
  const nodes = new Map(graph.nodes.map((node) => [node.name, { ...node, x: left + (node.x - Math.min(...xs)) * unit, y: -node.y * unit }]));
  const lines = graph.edges.map((edge) => arrow(edge, nodes.get(edge.from), nodes.get(edge.to)));
  const ys = [...[...nodes.values()].flatMap((node) => [node.y - RADIUS, node.y + RADIUS]), ...lines.flatMap((one) => one.reach)];
  const top = Math.min(...ys) - MARGIN;
  const height = Math.max(...ys) + MARGIN - top;
  const root = svg("svg", { viewBox: `0 ${top} ${width} ${height}`, width, height, role: "img", "aria-label": title });
  lines.sort((one, other) => one.share - other.share);
  root.append(...lines.map((one) => one.drawn));
  for (const node of nodes.values()) {
    root.append(
      svg("circle", { class: "node", cx: node.x, cy: node.y, r: RADIUS, stroke: node.colour, "stroke-dasharray": node.crystalline ? null : "5 4" }),
      ...label(node),
    );
  }
  root.append(...lines.map((one) => one.named));
  place.replaceChildren(root);
}

/** The name of a node, on two lines if it is long. */
function label({ label: name, x, y }) {
  const parts = name.length > 7 ? name.split(/ (?=[(+])| \+ /) : [name];
  return parts.map((part, i) =>
    svg("text", { x, y: y + 4.5 + 14 * (i - (parts.length - 1) / 2), "text-anchor": "middle",
      ...(part.length > 8 ? { textLength: 2 * RADIUS + 8, lengthAdjust: "spacingAndGlyphs" } : {}) }, part));
}

/** A bent arrow between two nodes, bent to its left: forth and back do not meet. */
function arrow(edge, from, to) {
  const way = edge.extraction > edge.insertion ? "extraction" : "insertion";
  const share = edge[way];
  const used = share > USED;
  const width = used ? Math.max(1.5, WIDEST * share) : 1.2;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const bend = 12 + 0.16 * length;
  // Perpendicular to the way, to the left of who walks it on a screen whose y points down.
  const [px, py] = [dy / length, -dx / length];
  const middle = { x: (from.x + to.x) / 2 + 2 * bend * px, y: (from.y + to.y) / 2 + 2 * bend * py };
  const start = edgeOf(from, middle, RADIUS + 2);
  const tip = Math.max(8, 1.5 * width);
  const end = edgeOf(to, middle, RADIUS + 3);
  const neck = edgeOf(to, middle, RADIUS + 3 + tip);
  const [ux, uy] = [(neck.x - end.x) / tip, (neck.y - end.y) / tip];
  const side = Math.max(4, 0.95 * width);
  const wings = `${neck.x - side * uy} ${neck.y + side * ux} ${neck.x + side * uy} ${neck.y - side * ux}`;
  const classes = used ? way : "";
  const peak = { x: (start.x + 2 * middle.x + neck.x) / 4, y: (start.y + 2 * middle.y + neck.y) / 4 };
  const drawn = svg("g", {},
    svg("path", { class: `edge ${classes}`, "stroke-width": width, d: `M${start.x} ${start.y}Q${middle.x} ${middle.y} ${neck.x} ${neck.y}` }),
    svg("polygon", { class: `tip ${classes}`, points: `${end.x} ${end.y} ${wings}` }));
  const named = used
    ? svg("text", { class: classes, x: peak.x + (10 + width / 2) * px, y: peak.y + (10 + width / 2) * py + 4, "text-anchor": anchor(px) },
      `${Math.round(100 * share) || "<1"} %`)
    : "";
  return { share, drawn, named, reach: [peak.y + (used ? 20 + width / 2 : 0) * py, peak.y] };
}

const anchor = (px) => (Math.abs(px) < 0.5 ? "middle" : px > 0 ? "start" : "end");

function edgeOf(node, towards, distance) {
  const length = Math.hypot(towards.x - node.x, towards.y - node.y) || 1;
  return { x: node.x + (distance * (towards.x - node.x)) / length, y: node.y + (distance * (towards.y - node.y)) / length };
}
