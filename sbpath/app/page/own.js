/** The user's own curve: a file of a cycler, what was understood of it, laid over the simulation, and fitted. */

import { Pair, refuse, showProgress } from "./controls.js";
import { byId, fixed, html, plain, table, unitText } from "./dom.js";
import { Work, ask } from "./server.js";
import { body, write } from "./state.js";

/** Milliseconds without a change after which the file is laid over anew. */
const CALM = 900;
/** Numbers that are offered to a fit. */
const OFFERED = 10;
const WAYS = [["", "as read"], ["insertion", "insertion"], ["extraction", "extraction"]];

export class Own {
  #file = null;
  #stated = {};
  #timer = 0;
  #fields = {};
  #offered = [];

  /** `state()` is that of the page, `show(measured, simulated)` draws half cycles, `apply(set)` uses numbers, `say(text)` is heard. */
  constructor({ state, show, apply, say }) {
    Object.assign(this, { state, show, apply, say });
    this.reading = new Work({ start: (question, signal) => this.#read(question, signal), done: (found) => this.#understood(found), failed: (error) => this.#failed(error) });
    this.laying = new Work({ start: (question, signal) => ask("POST", "/api/overlay", question, signal), done: (found) => this.#laid(found), failed: (error) => this.#failed(error) });
    this.fitting = new Work({
      start: (question, signal) => ask("POST", "/api/fit", question, signal), done: (found) => this.#fitted(found), failed: (error) => this.#failed(error),
      progress: (job) => this.#progress(job),
    });
    this.#listen();
  }

  /** Numbers that a fit may change, the most influential first. */
  offer(numbers) {
    const ticked = new Set(this.#free());
    this.#offered = numbers.slice(0, OFFERED);
    byId("free")?.replaceChildren(...this.#offered.map(({ path, label }) =>
      html("label", { class: "switch" }, html("input", { type: "checkbox", value: path, checked: ticked.has(path) }), ` ${label}`)));
  }

  /** The setting has changed: the file is laid over that when it rests. */
  settingChanged() {
    clearTimeout(this.#timer);
    if (this.#file && !this.#file.needs.length) this.#timer = setTimeout(() => this.#lay(), CALM);
  }

  drop() {
    [this.reading, this.laying, this.fitting].forEach((work) => work.drop());
  }

  #listen() {
    const zone = byId("dropzone");
    const over = (is) => (event) => {
      event.preventDefault();
      zone.classList.toggle("over", is);
    };
    zone.ondragover = over(true);
    zone.ondragleave = over(false);
    // A file that misses the zone must not replace the page.
    for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
    zone.ondrop = (event) => {
      over(false)(event);
      this.#take(event.dataTransfer.files[0]);
    };
    byId("file").onchange = ({ target }) => this.#take(target.files[0]);
  }

  #take(file) {
    if (!file) return;
    this.#file = null;
    this.#stated = {};
    this.#panel(file.name);
    this.show([], []);
    this.reading.ask({ upload: file });
  }

  #read({ upload, file, stated }, signal) {
    if (upload) return ask("POST", `/api/files?name=${encodeURIComponent(upload.name)}&${write(this.state(), true)}`, upload, signal);
    return ask("POST", "/api/read", { state: body(this.state()), file, stated }, signal);
  }

  /** The parts of the panel, empty. */
  #panel(name) {
    const state = (field) => (text) => this.#state(field, text);
    const pairs = (text) => Object.fromEntries(text.split(";").map((one) => one.split("=").map((part) => part.trim())).filter((one) => one.length === 2 && one[0]));
    this.#fields = {
      mass: new Pair({ id: "mass", label: "Mass of the host alone", unit: "mg", told: state("mass") }),
      temperature: new Pair({ id: "cell-temperature", label: "Temperature of the cell", unit: "°C", told: state("temperature") }),
      cycles: new Pair({ id: "cell-cycles", label: "Cycles to compare", hint: "all, or 1 2", told: (text) => this.#state("cycles", (text.match(/\d+/g) ?? []).map(Number)) }),
      current: new Pair({ id: "cell-current", label: "Current, if the file has none", hint: "0.06mA, 50mA/g, C/10", told: state("current") }),
      column: new Pair({ id: "cell-column", label: "Columns, if misread", hint: "current=I/mA; voltage=3", told: (text) => this.#state("column", pairs(text)) }),
      unit: new Pair({ id: "cell-unit", label: "Units, if misread", hint: "current=mA; time=h", told: (text) => this.#state("unit", pairs(text)) }),
    };
    const first = html("select", { id: "first", "aria-describedby": "first-error", onchange: ({ target }) => this.#state("first", target.value) }, ...WAYS.map(([value, text]) => html("option", { value }, text)));
    const flip = html("input", { type: "checkbox", id: "flip", onchange: ({ target }) => this.#state("flip_current", target.checked) });
    byId("file-panel").replaceChildren(
      html("h3", {}, name),
      html("p", { class: "error", id: "first-error" }),
      html("pre", { id: "understood", tabindex: "0", "aria-label": "What was understood of the file" }),
      html("p", { class: "error", id: "file-warning" }),
      html("div", { class: "asked" }, this.#fields.mass.root,
        html("div", { class: "field" }, html("label", { for: "first" }, "First half cycle"), first),
        this.#fields.temperature.root, this.#fields.cycles.root, this.#fields.current.root, this.#fields.column.root, this.#fields.unit.root,
        html("label", { class: "switch" }, flip, " insertion is extraction in this file")),
      html("div", { id: "laid" }),
      html("fieldset", { id: "fit-panel", hidden: true }, html("legend", {}, "Fit"),
        html("p", { class: "help" }, "Numbers to change; with none ticked, those that a fit takes by itself: interfacial energies, growth rate and series resistance."),
        html("div", { class: "asked", id: "free" }),
        html("button", { type: "button", id: "fit", onclick: () => this.#fit() }, "Fit to this file"),
        html("div", { id: "fit-progress", hidden: true }, html("progress", { id: "fit-bar", "aria-label": "Progress of the fit" }), " ", html("span", { id: "fit-text" }), " ",
          html("button", { type: "button", id: "fit-stop", onclick: () => this.fitting.stop() }, "Stop the fit")),
        html("div", { id: "fitted" })),
    );
    this.offer(this.#offered);
  }

  #state(field, value) {
    this.#stated = { ...this.#stated, [field]: value };
    if (this.#file) this.reading.ask({ file: this.#file.file, stated: this.#stated });
  }

  #understood(found) {
    this.#file = found;
    this.#complain(null);
    byId("understood").textContent = found.text;
    byId("file-warning").textContent = found.warning;
    const needs = found.needs.map((need) => need.label);
    byId("fit-panel").hidden = needs.length > 0;
    this.say(needs.length ? `The file is read. Please state: ${needs.join("; ")}.` : "The file is read.");
    byId("laid").replaceChildren(...(needs.length ? [html("p", {}, html("strong", {}, "To lay it over the simulation, state: "), needs.join("; "), ".")] : []));
    if (needs.length) this.show([], []);
    else this.#lay();
  }

  #question() {
    return { state: body(this.state()), file: this.#file.file, stated: this.#stated };
  }

  #lay() {
    this.laying.ask(this.#question());
  }

  #laid({ halves, scaled, text }) {
    this.show(halves.map((half) => ({ ...half, ...half.measured })), halves.map((half) => ({ ...half, ...half.simulated })));
    byId("laid").replaceChildren(
      table(scaled ? "Measured, its charge scaled as fitted, against simulated with the fitted numbers" : "Measured against simulated at the measured currents", ["half cycle", "measured / mAh/g", "simulated / mAh/g", "distance / mV"],
        halves.map((half) => [`${half.cycle}, ${half.direction}`, ...half.capacity.map((value) => fixed(value, 1)), fixed(half.rms_mV, 1)]), [1, 2, 3]),
      html("details", {}, html("summary", {}, "The same in the words of sbpath overlay"), html("pre", { tabindex: "0" }, text)));
  }

  #free() {
    return [...document.querySelectorAll("#free input:checked")].map((input) => input.value);
  }

  #fit() {
    const free = this.#free();
    byId("fitted").replaceChildren();
    this.#progress({ of: 0, text: "the fit begins" });
    this.fitting.ask({ ...this.#question(), free: free.length ? free : null });
  }

  #progress(job) {
    byId("fit").disabled = Boolean(job);
    showProgress(job, "fit-progress", "fit-bar", "fit-text");
  }

  #fitted(found) {
    this.#laid(found.overlay);
    const file = URL.createObjectURL(new Blob([found.mechanism], { type: "application/toml" }));
    byId("fitted").replaceChildren(
      table(found.interrupted ? "The best numbers when the fit was stopped" : "Fitted numbers", ["number", "before", "fitted", "from", "to", "unit"],
        found.rows.map((row) => [row.label, ...[row.start, row.value, row.low, row.high].map((value) => (value == null ? "" : plain(value))), unitText(row.unit)]), [1, 2, 3, 4]),
      html("p", { class: "actions" }, html("button", { type: "button", id: "use", onclick: () => this.apply({ ...this.state().set, ...found.set }) }, "Use these numbers"),
        html("a", { href: file, download: "fitted.toml" }, "Mechanism file with them")),
      html("details", {}, html("summary", {}, "All that sbpath fit says"), html("pre", { tabindex: "0" }, found.text)));
    this.say(`The fit has ended${found.rms_mV == null ? "" : `: ${fixed(found.rms_mV, 1)} mV from the curve`}.`);
  }

  #failed(error) {
    // A file that cannot be read yet is there: units, columns or the current may be stated.
    if (error.file && !this.#file) this.#file = { file: error.file, needs: [{ label: "" }] };
    this.#complain(error);
    this.say(`Your file: ${error.message}`);
  }

  #complain(error) {
    const field = error?.field ?? "";
    for (const [name, pair] of Object.entries(this.#fields)) pair.refuse(name === field ? error.message : "");
    refuse(byId("first"), byId("first-error"), field === "first" ? error.message : "");
    const placed = field in this.#fields || field === "first";
    refuse(byId("file"), byId("file-error"), error && !placed ? error.message : "");
  }
}
