// What is shown is the address, and nothing else: so back works, and a link says it all.

export const RANGES = { "7d": "7 days", "30d": "30 days", "90d": "90 days", "365d": "365 days" };
export const KEYS = ["profile", "team", "project", "repository", "branch", "model", "agent", "skill"];
export const VIEWS = { overview: "Overview", sessions: "Sessions", tools: "Tools", capture: "Capture" };
export const SPAN = ["range", "since", "until", "where"];
const SINGLE = ["view", "range", "since", "until", "by", "sort", "session", "offset", "holes"];

/** The state that an address means. */
export function read(search) {
  const query = new URLSearchParams(search);
  const state = { where: query.getAll("where") };
  for (const name of SINGLE) state[name] = query.get(name) || "";
  state.unknown = state.view && !Object.hasOwn(VIEWS, state.view) && state.view !== "session" ? state.view.slice(0, 60) : "";
  if (state.unknown || !state.view) state.view = "overview";
  return state;
}

/** The address of a state with some of it changed; what is empty is left out. */
export function link(state, changes) {
  const wanted = { ...state, offset: "", ...changes };
  const query = new URLSearchParams();
  for (const name of SINGLE) {
    if (wanted[name] && !(name === "view" && wanted[name] === "overview")) query.append(name, wanted[name]);
  }
  for (const one of wanted.where) query.append("where", one);
  return `/?${query}`.replace(/\?$/, "");
}

/** The address with one filter more; or without it, where it is set already. */
export function toggled(state, ...conditions) {
  const rest = state.where.filter((one) => !conditions.includes(one));
  const all = conditions.every((one) => state.where.includes(one));
  return link(state, { where: all ? rest : [...rest, ...conditions] });
}

/** The words of a question: of the state, what *names* says. */
export function words(state, names, more = {}) {
  const query = new URLSearchParams();
  for (const name of names) {
    if (name === "where") state.where.forEach((one) => query.append("where", one));
    else if (state[name]) query.append(name, state[name]);
  }
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return String(query);
}
