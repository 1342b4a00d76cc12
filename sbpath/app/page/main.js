/** The page: what is chosen and typed becomes its address and a question to the server; the answer is drawn. */

import { watchSizes } from "./chart.js";
import { Pair, onChosen, options, perHour, refuse, scales, showProgress } from "./controls.js";
import { byId, html } from "./dom.js";
import { Numbers } from "./numbers.js";
import { Own } from "./own.js";
import { draw, drawReasons, sentence } from "./results.js";
import { Refused, Work, ask } from "./server.js";
import { FIELDS, body, read, write } from "./state.js";

/** Milliseconds without a change after which the address is written, and after which the result is said aloud. */
const SETTLED = 250;
const CALM = 900;
const DOWNLOADS = {
  "picture.svg": "Picture (SVG)", "picture.png": "Picture (PNG)", "curve.csv": "Curve (CSV)", "mechanism.toml": "Mechanism file with your numbers",
  "run.sh": "Command (run.sh)", "run.py": "Script (run.py)",
};

/** What tests look at: the state, the last answer, the one to compare with, and how long answers took (ms). */
const page = (window.sbpath = { state: read(location.search), answer: null, kept: null, measured: [], simulated: [], durations: [] });
let systems = new Map();
let choices = null;
const timers = {};

const pairs = { of: "", all: {} };
const numbers = new Numbers((path, text) => {
  const set = { ...page.state.set };
  if (text) set[path] = text;
  else delete set[path];
  change({ set });
});
const runs = new Work({ start: (state, signal) => ask("POST", "/api/run", body(state), signal), done: answered, failed: refused, progress: (job) => showProgress(job, "progress", "bar", "progress-text") });
const ghosts = new Work({
  start: (query, signal) => ask("POST", "/api/run", body(read(query)), signal),
  done: (answer, query) => keep(query === page.state.ghost ? { answer, name: named(read(query)) } : null),
  failed: (error) => {
    say(`The kept setting cannot be run: ${error.message}`);
    change({ ghost: "" });
  },
});
const influence = new Work({
  start: (state, signal) => ask("POST", "/api/numbers", body(state), signal),
  done: (found, state) => {
    numbers.show(found, page.state.set, ["system", "graph", "design", "electrolyte"].map((name) => state[name]).join(" "));
    own.offer(numbers.choices);
  },
  failed: () => {},
});
const own = new Own({
  state: () => page.state,
  show: (measured, simulated) => {
    Object.assign(page, { measured, simulated });
    if (page.answer) redraw();
  },
  apply: (set) => change({ set }, true),
  say,
});

/** The defaults of the chosen system. */
const system = () => systems.get(page.state.system);

/** The last field that was changed: which of two cut-offs is wrong is a matter of who moved. */
let touched = "";

/** Changes the state; `step` makes it one for the back button. */
function change(changes, step = false) {
  performance.mark("change");
  [touched] = Object.keys(changes);
  // What is left behind by a step is in the address that the back button returns to.
  if (step) history.replaceState(null, "", address());
  page.state = canonical({ ...page.state, ...changes });
  if (step) history.pushState(null, "", address());
  else later("address", SETTLED, () => history.replaceState(null, "", address()));
  showState();
  run();
}

function run() {
  document.documentElement.dataset.busy = "true";
  own.settingChanged();
  runs.ask(page.state);
  if (!page.state.ghost) keep(null);
  else if (page.kept?.query !== page.state.ghost) ghosts.ask(page.state.ghost);
}

/** Without what is the default anyway. */
function canonical(state) {
  const defaults = systems.get(state.system)?.defaults ?? {};
  return { ...state, ...Object.fromEntries(FIELDS.slice(1).map((name) => [name, state[name] === defaults[name] ? "" : state[name]])) };
}

const address = () => `/?${write(page.state)}`;

function later(name, delay, act) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(act, delay);
}

function answered(answer, state) {
  page.answer = answer;
  answer.electrolyteless = !state.electrolyte && answer.ledger.rows.every((row) => !row.name.startsWith("film") || !row.mAh_per_g);
  complain(null);
  redraw();
  drawReasons(answer, (path, text) => change({ set: { ...page.state.set, [path]: text } }));
  if (performance.getEntriesByName("change").length) {
    page.durations = [...page.durations.slice(-99), performance.measure("answer", "change").duration];
    performance.clearMarks();
    performance.clearMeasures();
  }
  rest();
  later("say", CALM, () => say(`${named(state)}. ${sentence(answer, page.kept)}`));
  later("numbers", CALM, () => influence.ask(page.state));
}

function refused(error, state) {
  complain(error instanceof Refused ? error : new Refused(`${error}`));
  rest();
  later("say", CALM, () => say(`Not changed: ${error.message}`));
}

function rest() {
  if (runs.busy) return;
  document.documentElement.dataset.busy = "false";
  const query = write(page.state, true);
  byId("downloads").replaceChildren(...Object.entries(DOWNLOADS).map(([name, text]) =>
    html("li", {}, html("a", { href: `/download/${name}?${query}`, download: "" }, text))));
  later("recipe", SETTLED, recipe);
}

/** Where something is wrong, in the words of the server; the curve stays that of the last setting that was right. */
function complain(error) {
  const field = error?.field === "lower" && touched === "upper" ? touched : (error?.field ?? "");
  for (const [name, pair] of Object.entries(pairs.all)) pair.refuse(name === field ? error.message : "");
  for (const name of ["design", "electrolyte"]) refuse(byId(name), byId(`${name}-error`), name === field ? error.message : "");
  const placed = numbers.refuse(field, error?.message ?? "") || field in pairs.all || field === "design" || field === "electrolyte";
  byId("refused").textContent = error && !placed ? error.message : "";
  byId("voltage").classList.toggle("stale", Boolean(error));
}

function keep(kept) {
  page.kept = kept && { ...kept, query: page.state.ghost };
  byId("drop").hidden = !kept;
  if (page.answer) redraw();
}

function redraw() {
  draw(page, page.state.view === "crystalline");
}

/** Says a sentence to screen readers. */
function say(text) {
  byId("status").textContent = text;
}

/** A setting in a few words: the system and what differs from its defaults. */
function named(state) {
  const defaults = systems.get(state.system)?.defaults ?? {};
  const unit = { temperature: " °C", lower: " V", upper: " V", cycles: " cycles", particles: " particles" };
  const parts = FIELDS.slice(1).filter((name) => state[name] || name === "rate").map((name) => `${state[name] || defaults[name]}${unit[name] ?? ""}`);
  return [state.system, ...parts, ...Object.entries(state.set).map(([path, text]) => `${path}=${text}`)].join(", ");
}

/** Commands that make the same again, to be copied. */
async function recipe() {
  const state = page.state;
  const made = await ask("POST", "/api/recipe", body(state)).catch(() => null);
  if (!made || state !== page.state) return;
  byId("recipe").replaceChildren(...[["command", "The command"], ["script", "The Python script"]].map(([kind, title]) => {
    const button = html("button", {
      type: "button",
      onclick: () => navigator.clipboard.writeText(made[kind]).then(() => say(`${title} is copied.`), () => say("The browser does not allow copying; select the text.")),
    }, `Copy ${title.toLowerCase().replace("python", "Python")}`);
    return html("div", {}, html("h3", {}, title), html("pre", { tabindex: "0", id: `recipe-${kind}` }, made[kind]), button);
  }));
}

/** Shows the state in the controls. */
function showState() {
  const { state } = page;
  const { defaults, temperature_range: range, graphs, ion, rates } = system();
  document.title = `${state.system} · sbpath`;
  byId("system").value = state.system;
  if (pairs.of !== state.system) {
    options(byId("graph"), graphs.map((name) => [name, name]));
    const own = choices.electrolytes.filter((one) => one.ions.includes(ion));
    options(byId("electrolyte"), [["", "as in the file"], ...own.map((one) => [one.name, one.title])]);
    makePairs(defaults, range, rates);
  }
  byId("graph").value = state.graph || defaults.graph;
  byId("electrolyte").value = state.electrolyte;
  byId("design").value = state.design;
  for (const [name, pair] of Object.entries(pairs.all)) pair.show(state[name] || defaults[name]);
  numbers.set(state.set);
  byId("crystalline").checked = state.view === "crystalline";
}

/** The numbers of cycling, whose ranges depend on the system. */
function makePairs(defaults, range, rates) {
  const told = (name) => (text) => change({ [name]: text });
  const most = Math.max(3, Math.ceil(Number(defaults.upper)));
  pairs.all = {
    rate: new Pair({ id: "rate", label: "Rate (full charges per hour)", scale: scales.list(rates, perHour), hint: "C/10, 0.5C or 50 mA/g", told: told("rate") }),
    temperature: new Pair({ id: "temperature", label: "Temperature", unit: "°C", scale: scales.linear(...range, 3), told: told("temperature") }),
    lower: new Pair({ id: "lower", label: "Lower cut-off", unit: "V", scale: scales.linear(0, most, 2), told: told("lower") }),
    upper: new Pair({ id: "upper", label: "Upper cut-off", unit: "V", scale: scales.linear(0, most, 2), told: told("upper") }),
    cycles: new Pair({ id: "cycles", label: "Cycles", scale: scales.list(["1", "2", "3", "5", "10", "20", "50", "100"], Number), told: told("cycles") }),
    particles: new Pair({ id: "particles", label: "Particles (1 is quickest)", hint: `as in the file (${system().particles})`, told: told("particles") }),
  };
  pairs.of = page.state.system;
  byId("cycling").replaceChildren(byId("cycling").firstElementChild, ...Object.values(pairs.all).map((pair) => pair.root));
}

/** Another system keeps what it has too. */
function choose(name) {
  const { electrolyte } = page.state;
  const fits = choices.electrolytes.some((one) => one.name === electrolyte && one.ions.includes(systems.get(name).ion));
  change({ system: name, graph: "", temperature: "", lower: "", upper: "", particles: "", set: {}, electrolyte: fits ? electrolyte : "" }, true);
}

function listen() {
  onChosen("system", choose);
  for (const name of ["graph", "design", "electrolyte"]) onChosen(name, (value) => change({ [name]: value }, true));
  byId("controls").onsubmit = (event) => event.preventDefault();
  byId("keep").onclick = () => change({ ghost: write(page.state, true) }, true);
  byId("drop").onclick = () => change({ ghost: "" }, true);
  byId("reset").onclick = () => change({ ...read(""), system: page.state.system, ghost: page.state.ghost }, true);
  byId("stop").onclick = () => runs.stop();
  byId("crystalline").onchange = ({ target }) => change({ view: target.checked ? "crystalline" : "" });
  window.onpopstate = () => {
    page.state = { ...read(location.search) };
    page.state.system ||= "li-sb";
    showState();
    run();
  };
  window.onpagehide = () => [runs, ghosts, influence, own].forEach((work) => work.drop());
  watchSizes(["voltage-chart", "stack-chart", "graph-chart"].map(byId), () => page.answer && redraw());
}

async function start() {
  choices = await ask("GET", "/api/systems");
  systems = new Map(choices.systems.map((one) => [one.name, one]));
  page.state.system ||= systems.has("li-sb") ? "li-sb" : choices.systems[0].name;
  options(byId("system"), choices.systems.map((one) => [one.name, `${one.name}: ${one.title}`, one.ion]));
  options(byId("design"), [["", "as in the file"], ...choices.designs.map((one) => [one.name, one.title])]);
  listen();
  if (!system()) {
    byId("refused").textContent = `${page.state.system}: there is no such system; choose one`;
    return;
  }
  showState();
  run();
  if (location.hash) later("hash", 1200, () => byId(location.hash.slice(1))?.scrollIntoView());
}

start().catch((error) => refused(error, page.state));
