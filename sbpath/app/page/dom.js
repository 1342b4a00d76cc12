/** Elements, and numbers as text. */

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An HTML element; `given` are attributes, or properties if they are functions or booleans. */
export function html(tag, given = {}, ...children) {
  return filled(document.createElement(tag), given, children);
}

/** An SVG element. */
export function svg(tag, given = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), given, children);
}

function filled(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function" || typeof value === "boolean") element[name] = value;
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A number with so many digits after the point, with a real minus. */
export const fixed = (value, digits) => value.toFixed(digits).replace("-", "−");

/** A number to so many significant digits, without trailing zeros, as it may be typed. */
export function plain(value, digits = 4) {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  return size === 0 || (size >= 1e-3 && size < 1e6) ? String(rounded) : rounded.toExponential().replace("+", "");
}

/** The same with a sign, for differences. */
export const signed = (value, digits) => (value < 0 ? "" : "+") + fixed(value, digits);

/** A unit as it is printed, m² for m2. */
export const unitText = (unit) => unit.replace(/(?<=m)[23]/g, (power) => "²³"[power - 2]);

/** A table: `head` and `rows` of texts or elements; columns in `numeric` are aligned to the right. */
export function table(caption, head, rows, numeric = []) {
  const cell = (tag, content, column, more = {}) =>
    html(tag, { class: numeric.includes(column) ? "number" : undefined, ...more }, content);
  return html(
    "table", {},
    html("caption", {}, caption),
    html("thead", {}, html("tr", {}, ...head.map((text, i) => cell("th", text, i, { scope: "col" })))),
    html("tbody", {}, ...rows.map((row) =>
      html("tr", {}, ...row.map((content, i) => (i ? cell("td", content, i) : cell("th", content, i, { scope: "row" })))))),
  );
}

/** Fills a details element with what `make` returns, as long as it is open. */
export function onceOpen(details, make) {
  const fill = () => {
    details.querySelector(".scroll")?.remove();
    if (details.open) details.append(html("div", { class: "scroll", tabindex: "0" }, make()));
  };
  details.ontoggle = fill;
  fill();
}
