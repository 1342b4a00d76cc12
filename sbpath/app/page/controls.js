/** Controls: choices, and numbers that are pulled or typed. */

import { byId, html, plain } from "./dom.js";

/** Steps of a slider. */
const STEPS = 400;

/** Where a number is on a slider, and the other way. */
export const scales = {
  linear: (low, high, digits = 4) => ({
    steps: STEPS,
    toStep: (value) => (STEPS * (value - low)) / (high - low),
    toText: (step) => plain(low + ((high - low) * step) / STEPS, digits),
  }),
  log: (low, high, digits = 3) => ({
    steps: STEPS,
    toStep: (value) => (STEPS * Math.log(value / low)) / Math.log(high / low),
    toText: (step) => plain(low * (high / low) ** (step / STEPS), digits),
  }),
  list: (texts, order) => ({
    steps: texts.length - 1,
    toStep: (value) => texts.findLastIndex((text) => order(text) <= value),
    toText: (step) => texts[step],
    value: order,
  }),
};

/** A label, a slider and a field to type in, with the unit and a place for what is wrong. */
export class Pair {
  /**
   * `told(text)` gets what was typed or pulled. Without `scale` there is no slider. `about` is an element below.
   */
  constructor({ id, label, unit = "", scale = null, hint = "", about = null, told }) {
    this.scale = scale;
    this.told = told;
    this.input = html("input", {
      id, type: "text", inputmode: unit ? "decimal" : "text", placeholder: hint, spellcheck: "false", "aria-describedby": `${id}-unit ${id}-error`,
    });
    this.input.onchange = () => this.told(this.input.value.trim());
    this.error = html("p", { class: "error", id: `${id}-error` });
    this.slider = scale && html("input", { type: "range", min: 0, max: scale.steps, step: 1, "aria-label": `${label}, slider` });
    if (this.slider) {
      this.slider.oninput = () => {
        this.input.value = scale.toText(Number(this.slider.value));
        this.#speak(unit);
        this.told(this.input.value);
      };
    }
    this.unit = unit;
    this.root = html("div", { class: scale ? "pair" : "pair wide" },
      html("label", { for: id }, label), this.slider,
      html("span", { class: "typed" }, this.input, html("span", { id: `${id}-unit` }, unit)), this.error, about);
  }

  /** Shows a text, unless it is being typed; `value` is its number, if it has one. */
  show(text, value = this.scale?.value ? this.scale.value(text) : Number(text)) {
    if (document.activeElement !== this.input || this.input.value.trim() !== text) this.input.value = text;
    if (!this.slider) return;
    if (document.activeElement !== this.slider && Number.isFinite(value)) this.slider.value = Math.round(this.scale.toStep(value));
    this.#speak(this.unit);
  }

  /** Says what is wrong with it; "" if nothing is. */
  refuse(message) {
    refuse(this.input, this.error, message);
  }

  #speak(unit) {
    this.slider?.setAttribute("aria-valuetext", `${this.input.value} ${unit}`);
  }
}

/** Marks a control as wrong, in the words of the server. */
export function refuse(input, place, message) {
  place.textContent = message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Fills a select with `[value, text, group]`. */
export function options(select, entries) {
  const groups = new Map();
  for (const [value, text, group = ""] of entries) groups.set(group, [...(groups.get(group) ?? []), html("option", { value }, text)]);
  select.replaceChildren(...[...groups].flatMap(([name, own]) => (name ? [html("optgroup", { label: name }, ...own)] : own)));
}

/** A rate as its number of full charges an hour, for the order of the slider. */
export function perHour(text) {
  const found = /^(?:(\d*\.?\d*)\s*C|C\s*\/\s*(\d+\.?\d*))$/i.exec(text.trim());
  if (!found) return NaN;
  return found[2] ? 1 / Number(found[2]) : Number(found[1] || 1);
}

/** Shows how far a job is in a panel with a bar and a text, by their ids; hides it without a job. */
export function showProgress(job, panel, barId, text) {
  byId(panel).hidden = !job;
  if (!job) return;
  const bar = byId(barId);
  if (job.of) [bar.max, bar.value] = [job.of, job.done];
  else bar.removeAttribute("value");
  byId(text).textContent = job.text;
}

/** Calls `told` with the chosen value. */
export function onChosen(id, told) {
  byId(id).onchange = (event) => told(event.target.value);
}
