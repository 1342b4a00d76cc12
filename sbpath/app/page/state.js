/**
 * The state of the page, which its address holds: the options of `sbpath simulate` as text, "" where the default of the
 * system is meant; `set`, the changed numbers by path; `ghost`, the address of what is compared with; `view`.
 */

export const FIELDS = ["system", "graph", "design", "electrolyte", "particles", "rate", "temperature", "lower", "upper", "cycles"];

/** The state in the query of an address. */
export function read(query) {
  const found = new URLSearchParams(query);
  const state = Object.fromEntries(FIELDS.map((name) => [name, found.get(name) ?? ""]));
  state.set = Object.fromEntries(
    found.getAll("set").map((text) => [text.slice(0, text.lastIndexOf("=")), text.slice(text.lastIndexOf("=") + 1)]),
  );
  return { ...state, ghost: found.get("ghost") ?? "", view: found.get("view") ?? "" };
}

/** The query of a state; `alone` leaves out what is compared with and the view. */
export function write(state, alone = false) {
  const query = new URLSearchParams();
  for (const name of FIELDS) if (state[name]) query.set(name, state[name]);
  for (const path of Object.keys(state.set).sort()) query.append("set", `${path}=${state.set[path]}`);
  if (!alone && state.ghost) query.set("ghost", state.ghost);
  if (!alone && state.view) query.set("view", state.view);
  return query.toString();
}

/** What the server is sent. */
export function body(state) {
  const sent = FIELDS.filter((name) => state[name]).map((name) => [name, state[name]]);
  return { ...Object.fromEntries(sent), set: state.set };
}
