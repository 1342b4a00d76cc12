/** What the page shows of an answer: charts, sentences and tables. */

import { area, chart, frame, hatched, line, sample } from "./chart.js";
import { byId, fixed, html, onceOpen, plain, signed, svg, table } from "./dom.js";
import { drawGraph } from "./graph.js";

/** Rows of a table that stands for a curve. */
const TABLE_ROWS = 25;
/** Charge (mAh/g) below which a place in the ledger is left out. */
const SEEN = 0.05;
const WAYS = { insertion: "in", extraction: "out" };

/** Half cycles with `x`, the net charge, so that insertion and extraction make a loop. */
export function loops(halves) {
  return halves.map((half) => {
    if (half.direction === "insertion") return { ...half, x: half.charge };
    const before = halves.find((one) => one.cycle === half.cycle && one.direction === "insertion") ?? half;
    const end = before.charge.at(-1);
    return { ...half, x: half.charge.map((charge) => end - charge) };
  });
}

/**
 * The whole page but for the controls. `kept` is { answer, name } to compare with, `measured` are half cycles of the user's own, and
 * `simulated` what the model makes of them.
 */
export function draw({ answer, kept, measured, simulated }, crystalline) {
  const moved = walkable(answer);
  const voltage = drawVoltage(answer, kept, measured, simulated);
  const stack = drawStack(answer, crystalline);
  walk(answer, moved, voltage, stack);
  drawPath(answer);
  drawSummary(answer, kept);
  drawHysteresis(answer, kept);
  drawLedger(answer, kept);
  byId("notices").replaceChildren(...[...(answer.stopped ? ["Stopped: this is what was computed until then."] : []), ...answer.notices].map((text) => html("li", {}, text)));
}

/** What came out in a sentence: the loop, against what is kept, and the ways. */
export const sentence = (answer, kept) => `${loopText(answer, kept)} ${waysText(answer)}`;

function loopText({ hysteresis: { total_mV: total }, cycle }, kept) {
  if (total == null) return `Cycle ${cycle} is not a whole cycle.`;
  const before = kept?.answer.hysteresis.total_mV;
  const wider = total - before;
  const compared = before == null ? "" : `, ${fixed(Math.abs(wider), 0)} mV ${wider < 0 ? "less" : "more"} than the ${fixed(before, 0)} mV of what is kept`;
  return `Cycle ${cycle}: hysteresis ${fixed(total, 0)} mV${compared}.`;
}

const waysText = ({ path }) => `In: ${path.insertion}. Out: ${path.extraction}.`;

function drawVoltage(answer, kept, measured, simulated) {
  const own = loops(answer.curves);
  const ghost = kept ? loops(kept.answer.curves.filter((half) => half.cycle === kept.answer.cycle)) : [];
  const seen = loops(measured);
  const twins = loops(simulated);
  const all = [...own, ...ghost, ...seen, ...twins];
  const xs = all.flatMap((half) => half.x);
  const ys = all.flatMap((half) => half.voltage);
  const made = chart(byId("voltage-chart"), `Voltage against net charge. ${sentence(answer, kept)}`,
    { low: Math.min(0, ...xs), high: Math.max(...xs, 1), label: `net charge / ${answer.basis}` },
    { low: Math.min(...ys), high: Math.max(...ys), label: `voltage vs ${answer.ion}⁺/${answer.ion} / V` });
  for (const half of ghost) line(made, half.x, half.voltage, "ghost");
  for (const half of own) line(made, half.x, half.voltage, `${half.direction} ${half.cycle === answer.cycle ? "" : "earlier"}`);
  for (const half of twins) line(made, half.x, half.voltage, `${half.direction} twin`);
  for (const half of seen) line(made, half.x, half.voltage, "own");
  frame(made);
  byId("headline").replaceChildren(loopText(answer, kept), " ", html("span", { class: "ways" }, waysText(answer)));
  const entries = [["insertion", "in"], ["extraction", "out"]];
  if (own.some((half) => half.cycle !== answer.cycle)) entries.push(["insertion earlier", "other cycles"]);
  if (kept) entries.push(["ghost", `kept: ${kept.name}`]);
  if (seen.length) entries.push(["own", "measured"], ["insertion twin", "simulated at its currents"]);
  legend("voltage-chart", entries.map(([classes, text]) => [sample(classes), text]));
  onceOpen(byId("voltage-table"), () => html("div", {}, ...own.map((half) =>
    table(`Cycle ${half.cycle}, ${half.direction}`, ["charge / mAh/g", "voltage / V"],
      thinned(half.charge.length).map((i) => [plain(half.charge[i]), fixed(half.voltage[i], 3)]), [0, 1]))));
  return made;
}

function drawStack(answer, crystalline) {
  const { charge, phases, direction_at: directions } = answer.stack;
  const title = `Share of each phase while the charge of cycle ${answer.cycle} passes`;
  const made = chart(byId("stack-chart"), title,
    { low: 0, high: charge.at(-1) || 1, label: `charge passed in cycle ${answer.cycle} / ${answer.basis}`, exact: true },
    { low: 0, high: 1, label: "share of the host", exact: true });
  let below = charge.map(() => 0);
  const entries = [];
  phases.forEach((phase, number) => {
    const part = phase.fraction.map((share) => share * (crystalline ? phase.crystalline_share : 1));
    const above = below.map((base, i) => base + part[i]);
    const fill = crystalline || phase.crystalline ? phase.colour : hatched(made.root, `hatch-${number}`, phase.colour);
    area(made, charge, below, above, fill);
    if (!crystalline || phase.crystalline_share > 0) entries.push([sample("", phase.colour), phase.label + (phase.crystalline ? "" : " (hatched)")]);
    below = above;
  });
  frame(made);
  const turn = directions.findIndex((way, i) => i && way !== directions[0]);
  if (turn > 0) {
    made.root.append(svg("line", { class: "cursor", x1: made.x(charge[turn]), x2: made.x(charge[turn]), y1: made.top, y2: made.foot }));
  }
  legend("stack-chart", entries);
  onceOpen(byId("stack-table"), () => table(title, ["charge / mAh/g", "direction", "voltage / V", ...phases.map((phase) => `${phase.label} / %`)],
    thinned(charge.length).map((i) => [plain(charge[i]), directions[i], fixed(answer.stack.voltage[i], 3), ...phases.map((phase) => fixed(100 * phase.fraction[i], 1))]),
    [0, 2, ...phases.map((_, i) => i + 3)]));
  return made;
}

/** Where the points of the stack lie on the loop of the voltage. */
function walkable({ stack: { charge, direction_at: directions } }) {
  let at = 0;
  const net = charge.map((value, i) => (at += (directions[i] === "extraction" ? -1 : 1) * (value - (charge[i - 1] ?? value))));
  const low = Math.min(...net);
  return net.map((value) => value - low);
}

/** The slider that walks through the cycle, in both charts; a pointer over them moves it too. */
function walk(answer, net, voltage, stack) {
  const slider = byId("walk");
  const { charge, voltage: volts, phases, direction_at: directions } = answer.stack;
  const share = slider.max > 0 && slider.value > 0 ? slider.value / slider.max : 0;
  slider.max = charge.length - 1;
  const dot = svg("circle", { class: "cursor", r: 5 });
  const mark = svg("line", { class: "cursor", y1: stack.top, y2: stack.foot });
  const show = () => {
    const i = Number(slider.value);
    if (!dot.isConnected) {
      voltage.root.append(dot);
      stack.root.append(mark);
    }
    dot.setAttribute("cx", voltage.x(net[i]));
    dot.setAttribute("cy", voltage.y(volts[i]));
    for (const end of ["x1", "x2"]) mark.setAttribute(end, stack.x(charge[i]));
    const parts = phases.filter((phase) => phase.fraction[i] > 0.005).map((phase) => `${phase.label} ${Math.round(100 * phase.fraction[i])} %`);
    const text = `Going ${WAYS[directions[i]] ?? "nowhere (rest)"}, net charge ${fixed(net[i], 0)} mAh/g: ${fixed(volts[i], 3)} V; ${parts.join(", ")}`;
    byId("walk-text").textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.oninput = show;
  slider.value = Math.round(share * (charge.length - 1));
  if (share) show();
  const nearest = (distance) => {
    slider.value = charge.reduce((best, _, i) => (distance(i) < distance(best) ? i : best), 0);
    show();
  };
  voltage.root.onpointermove = ({ offsetX, offsetY }) => nearest((i) => Math.hypot(voltage.x(net[i]) - offsetX, voltage.y(volts[i]) - offsetY));
  stack.root.onpointermove = ({ offsetX }) => nearest((i) => Math.abs(stack.x(charge[i]) - offsetX));
}

function drawPath(answer) {
  const { graph } = answer;
  byId("ways").textContent = waysText(answer);
  drawGraph(byId("graph-chart"), graph, `Graph of phases. ${waysText(answer)}`);
  legend("graph-chart", [[sample("insertion"), "used on the way in"], [sample("extraction"), "used on the way out"], [sample("edge"), "hardly used"]]);
  const names = new Map(graph.nodes.map((node) => [node.name, node.label]));
  onceOpen(byId("graph-table"), () => table(`What took which way in cycle ${answer.cycle}`,
    ["from", "to", "in: share / %", "in / mAh/g", "out: share / %", "out / mAh/g"],
    graph.edges.map((edge) => [names.get(edge.from), names.get(edge.to), ...["insertion", "extraction"].flatMap((way) =>
      [fixed(100 * edge[way], 1), fixed(edge[`${way}_mAh_per_g`], 1)])]), [2, 3, 4, 5]));
}

/** Why, in sentences; `tried(path, text)` is told a number that would change it. */
export function drawReasons(answer, tried) {
  const real = (decision) => decision.products.filter((product) => product.barrier_kT !== null).length > 1;
  const [choices, others] = [answer.path.decisions.filter(real), answer.path.decisions.filter((decision) => !real(decision))];
  const drawn = choices.map((decision) => html("div", { class: "choice" },
    html("p", {}, reason(decision)),
    ...decision.changes.map((change) => html("p", {},
      html("strong", {}, `What would make it ${change.product} instead: `),
      `an energy γ of the interface ${change.label} below ${plain(change.below, 3)} J/m²; it is ${plain(change.value, 3)} J/m². `,
      html("button", { type: "button", onclick: () => tried(change.path, plain(0.9 * change.below, 2)) }, `Try ${plain(0.9 * change.below, 2)} J/m²`))),
    inTheWordsOfExplain(decision)));
  if (others.length) {
    drawn.push(html("details", {}, html("summary", {}, "Phases with no other driving force"),
      ...others.map((decision) => html("div", { class: "choice" }, html("p", {}, reason(decision)), inTheWordsOfExplain(decision)))));
  }
  byId("why").replaceChildren(...drawn);
}

function reason({ direction, potential_V: volts, phase, products }) {
  const [winner, ...rest] = products;
  const rivals = rest.filter((product) => product.barrier_kT !== null);
  const where = `On the way ${WAYS[direction]}, at ${fixed(volts, 3)} V, ${phase} could`;
  if (!rivals.length) return `${where} only become ${winner.label}.`;
  const lines = [`${where} become ${[winner, ...rivals].map((product) => product.label).join(" or ")}. ${fixed(100 * winner.share, 1)} % became ${winner.label}.`];
  const [nearest] = rivals.filter((product) => product.decided_by === "nucleation").sort((one, other) => one.barrier_kT - other.barrier_kT);
  if (nearest) {
    lines.push(`Nucleation decides: the barrier to ${winner.label} is ${fixed(winner.barrier_kT, 1)} kT, ${winner.barrier_kT < nearest.barrier_kT ? "lower than" : "against"}`
      + ` the ${fixed(nearest.barrier_kT, 1)} kT to ${nearest.label}.`);
  }
  for (const other of rivals) if (!["nucleation", ""].includes(other.decided_by)) lines.push(`Against ${other.label}, ${other.decided_by} decides.`);
  return lines.join(" ");
}

function inTheWordsOfExplain({ sentences }) {
  return html("details", {}, html("summary", {}, "The same in the words of sbpath explain"), ...sentences.map((text) => html("p", { class: "help" }, text)));
}

function drawSummary(answer, kept) {
  const other = new Map((kept?.answer.summary ?? []).map((row) => [row.label, row.value]));
  const digits = (unit) => ({ V: 3, "%": 2 })[unit] ?? 1;
  const head = ["", `cycle ${answer.cycle}`, ...(kept ? [`kept: ${kept.name}`, "difference"] : []), "unit"];
  const rows = answer.summary.map(({ label, value, unit }) => {
    const before = other.get(label);
    const compared = !kept ? [] : before === undefined ? ["", ""] : [fixed(before, digits(unit)), signed(value - before, digits(unit))];
    return [label, fixed(value, digits(unit)), ...compared, unit];
  });
  byId("summary").replaceChildren(table(`Cycle ${answer.cycle} of ${answer.of}`, head, rows, kept ? [1, 2, 3] : [1]));
  byId("compare-help").hidden = Boolean(kept);
}

function drawHysteresis(answer, kept) {
  const { total_mV: total, causes, note } = answer.hysteresis;
  const other = new Map((kept?.answer.hysteresis.causes ?? []).map((cause) => [cause.name, cause.mV]));
  const most = Math.max(...causes.map((cause) => Math.abs(cause.mV)), ...other.values(), 1e-9);
  const shown = causes.filter((cause) => Math.abs(cause.mV) >= SEEN || Math.abs(other.get(cause.name) ?? 0) >= SEEN);
  const column = (value) => (value === undefined ? "" : fixed(value, 1));
  const rows = shown.map((cause) => [cause.label, bar(cause.colour, Math.abs(cause.mV) / most), column(cause.mV), ...(kept ? [column(other.get(cause.name))] : [])]);
  if (total != null) rows.push(["together", "", fixed(total, 1), ...(kept ? [column(kept.answer.hysteresis.total_mV ?? undefined)] : [])]);
  byId("causes").replaceChildren(
    shares(`Cycle ${answer.cycle}, in mV`, ["cause", "", "mV", ...(kept ? ["kept"] : [])], rows),
    ...(note ? [html("p", { class: "help" }, note)] : []));
}

function drawLedger(answer, kept) {
  const { put_in: all, rows: places } = answer.ledger;
  const other = new Map((kept?.answer.ledger.rows ?? []).map((row) => [row.name, row.mAh_per_g]));
  const [out, ...stays] = places;
  const shown = places.filter((row) => row === out || row.mAh_per_g >= SEEN || (other.get(row.name) ?? 0) >= SEEN);
  const lost = all - out.mAh_per_g;
  const where = stays.filter((row) => row.mAh_per_g >= SEEN).map((row) => `${row.label} ${fixed(row.mAh_per_g, 1)}`);
  byId("ledger-sentence").textContent = all > 0
    ? `Cycle ${answer.cycle}: of ${fixed(all, 0)} mAh/g put in, ${fixed(out.mAh_per_g, 0)} came out again (${fixed((100 * out.mAh_per_g) / all, 1)} %). `
      + (lost >= 0.5 ? `${fixed(lost, 0)} mAh/g stayed: ${where.join("; ")}.` : "Nearly nothing stayed.")
      + (answer.electrolyteless ? " No film is counted: choose an electrolyte to see what it takes." : "")
    : "No charge was put in.";
  const rows = shown.map((row) => [row.label, bar(row.colour, row.mAh_per_g / all), fixed(row.mAh_per_g, 1), `${fixed((100 * row.mAh_per_g) / all, 1)} %`,
    ...(kept ? [fixed(other.get(row.name) ?? 0, 1)] : [])]);
  rows.push(["put in", "", fixed(all, 1), "100 %", ...(kept ? [fixed(kept.answer.ledger.put_in, 1)] : [])]);
  byId("places").replaceChildren(shares(`Cycle ${answer.cycle}, in ${answer.basis}`, ["where", "", "mAh/g", "share", ...(kept ? ["kept"] : [])], rows));
}

/** A table with bars in its second column and a last row of sums. */
function shares(caption, head, rows) {
  const made = table(caption, head, rows, head.map((_, i) => i).filter((i) => i > 1));
  made.querySelectorAll("tbody td:nth-child(2)").forEach((cell) => cell.classList.add("bar"));
  made.querySelector("tbody tr:last-child")?.classList.add("total");
  return made;
}

function bar(colour, share) {
  const width = `${(100 * Math.min(Math.max(share || 0, 0), 1)).toFixed(2)}%`;
  return svg("svg", { "aria-hidden": "true" }, svg("rect", { class: "share", width, height: 14, fill: colour }));
}

/** A legend below a chart, made once and filled anew. */
function legend(chartId, entries) {
  const place = byId(`${chartId}-legend`) ?? byId(chartId).insertAdjacentElement("afterend", html("ul", { class: "legend", id: `${chartId}-legend` }));
  place.replaceChildren(...entries.map(([picture, text]) => html("li", {}, picture, text)));
}

function thinned(length) {
  const count = Math.min(length, TABLE_ROWS);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / Math.max(count - 1, 1)));
}
