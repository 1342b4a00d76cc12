/** The numbers of the model in the order in which they move the curve, each with status and source. */

import { Pair, scales } from "./controls.js";
import { byId, fixed, html, plain, unitText } from "./dom.js";

/** Shown before "Show all numbers" is pressed. */
const FIRST = 8;

export class Numbers {
  #rows = new Map();
  #of = "";
  #all = false;

  /** `changed(path, text)` gets what was typed or pulled, "" to put it back. */
  constructor(changed) {
    this.changed = changed;
    byId("more").onclick = () => {
      this.#all = !this.#all;
      this.#hide();
    };
  }

  /** Paths with labels and units, in the order shown. */
  get choices() {
    return [...this.#rows].map(([path, row]) => ({ path, label: row.label, changed: row.changed }));
  }

  /** Shows `numbers`, of which `set` are changed; `of` names the cell: only of another one are rows sorted anew. */
  show({ numbers }, set, of) {
    const same = this.#of === of && numbers.every(({ path }) => this.#rows.has(path));
    const inUse = byId("numbers").contains(document.activeElement);
    if (!same && !(this.#of === of && inUse)) {
      this.#rows = new Map(numbers.map((number) => [number.path, this.#row(number)]));
      byId("numbers").replaceChildren(...[...this.#rows.values()].map((row) => row.pair.root));
      this.#of = of;
      this.#hide();
    }
    for (const number of numbers) this.#rows.get(number.path)?.update(number);
    this.set(set);
  }

  /** Shows which are changed. */
  set(set) {
    for (const [path, row] of this.#rows) row.set(set[path]);
  }

  /** Says what is wrong with a number; whether it is one of these. */
  refuse(path, message) {
    for (const row of this.#rows.values()) row.pair.refuse("");
    const row = this.#rows.get(path);
    if (row && message) {
      row.pair.refuse(message);
      row.pair.root.hidden = false;
    }
    return row !== undefined;
  }

  #hide() {
    [...this.#rows.values()].forEach(({ pair, changed }, i) => (pair.root.hidden = !this.#all && i >= FIRST && !changed));
    byId("more").textContent = this.#all ? "Show fewer numbers" : `Show all ${this.#rows.size} numbers`;
    byId("more").setAttribute("aria-expanded", String(this.#all));
    byId("more").hidden = this.#rows.size <= FIRST;
  }

  #row(number) {
    const { path, label, low, high } = number;
    const unit = unitText(number.unit);
    const back = html("button", { type: "button", hidden: true, onclick: () => this.changed(path, ""), "aria-label": `Put ${label} back` }, "put back");
    const moves = html("span");
    const source = html("span");
    const about = html("div", { class: "about" },
      html("span", { class: "status" }, number.status), moves, back,
      html("details", {}, html("summary", { "aria-label": `What ${label} is, and its source` }, "meaning and source"), source));
    const scale = number.scale === "log" && low > 0 ? scales.log(low, high) : scales.linear(low, high);
    const pair = new Pair({ id: `set-${path}`, label, unit, scale, about, told: (text) => this.changed(path, text) });
    let value = number.value;
    const row = {
      pair, label, changed: false,
      update(now) {
        value = now.value;
        moves.textContent = now.influence_mV == null ? "" : `moves the curve by ${fixed(now.influence_mV, 1)} mV`;
        source.textContent = [now.meaning, now.note, now.source, path].filter(Boolean).join(" · ");
      },
      set(text) {
        row.changed = text !== undefined;
        back.hidden = !row.changed;
        pair.show(text ?? plain(value, 6), Number.isFinite(Number(text)) ? Number(text ?? value) : value);
      },
    };
    return row;
  }
}
