// Sessions: the newest on the first screen, all of them in pages, and the story of one.

import { anchor, asked, at, cell, drawn, fill, long, make, pages, put, table } from "/assets/dom.js";
import { SPAN, link, words } from "/assets/state.js";
import { cost, count, lately, modelLabel, moment, money, percent, tokens, took } from "/assets/words.js";

export const PAGE = 50;
export const STEPS = 200;
const KINDS = ["prompt", "request", "tool", "error"];
const COUNTS = { input_tokens: "in", output_tokens: "out", cache_read_tokens: "cached", cache_creation_tokens: "written" };
const SHORT = ["time", "kind", "what", "agent", "duration_ms", "cost_usd", "cost_so_far_usd"];
const LONGEST = 300;

function opened(state, row) {
  const title = `${moment(row.start, true)}: the story of ${row.session}`;
  return anchor(link(state, { view: "session", session: row.session }), state.view === "sessions" ? moment(row.start) : lately(row.start), { title });
}

function live(found, row) {
  return found.live.includes(row.session) ? make("strong", { class: "live" }, "live") : null;
}

function begun(found, state, row) {
  if (row.session === null) return make("th", { scope: "row" }, "no session");
  return make("th", { scope: "row" }, opened(state, row), live(found, row));
}

/** Where a session was: its repository, and its branch beside that. */
function where(row) {
  const repository = row.repository || "no repository";
  const branch = row.branch ? make("bdi", { class: "soft" }, row.branch) : null;
  return long([repository, row.branch].filter(Boolean).join(" · "), make("div", { class: "branch" }, make("bdi", {}, repository), branch));
}

export function drawNewest(found, state) {
  if (!found.rows) return;
  const rows = found.rows.map((row) => make("tr", {}, begun(found, state, row), where(row), cell(cost(row))));
  table("sessions", ["Begun", "Where", "Cost"], rows, { texts: 2, nothing: "no session in this range" });
  const all = anchor(link(state, { view: "sessions" }), `all ${found.sessions.toLocaleString("en-US")}`);
  fill(at("count"), all);
  asked("sessions-part", found.question, { CSV: words(state, SPAN, { what: "sessions" }) });
}

export function drawSessions(found, state) {
  if (!found.rows) return;
  put("count", `${count(found.sessions, "session")}, ${cost(found.total)}`);
  const rows = found.rows.map((row) => make("tr", {},
    begun(found, state, row), make("td", { class: "text", title: row.profile || null }, make("bdi", { class: "kept" }, row.profile || "no profile")), where(row),
    long((row.models || []).map(modelLabel).join(", ")), cell(took(row.seconds * 1000)),
    cell(row.requests.toLocaleString("en-US")), cell(tokens(row.total_tokens)), cell(cost(row))));
  const heads = [sorter(state, "", "Begun"), "Profile", "Where", "Models", "Took", sorter(state, "requests", "Requests"), sorter(state, "tokens", "Tokens"), sorter(state, "cost", "Cost")];
  table("sessions", heads, rows, { texts: 4, nothing: "no session in this range" });
  pages("sessions-part", state, link, found.offset, found.rows.length, found.sessions, PAGE);
  asked("sessions-part", found.question, { CSV: words(state, [...SPAN, "sort"], { what: "sessions" }) });
}

/** The head of a column that sorts by it, the most or the newest first. */
function sorter(state, sort, word) {
  const current = state.sort === sort || (sort === "" && state.sort === "time");
  const href = link(state, { sort });
  return make("th", { scope: "col", "aria-sort": current ? "descending" : null }, anchor(href, current ? `${word} ↓` : word, { title: `sorted by ${word.toLowerCase()}` }));
}

export function drawStory(found, state) {
  if (!found.steps) {
    put("story-title", "No such session");
    return;
  }
  put("story-title", `Session ${found.session}`);
  const place = [found.profile, found.repository, found.branch].filter(Boolean).join(" · ");
  const spent = `${money(found.cost_usd)}, ${count(found.requests, "request")}, ${tokens(found.total_tokens)} tokens`;
  const hit = found.cache_hit_rate === null ? "" : `cache hit ${percent(found.cache_hit_rate)}`;
  const lasted = found.start ? `${moment(found.start)}, ${took(new Date(found.end) - new Date(found.start))}` : "";
  const lost = found.rebuilds.length ? `${count(found.rebuilds.length, "cache rebuild")} after a pause` : "";
  const cut = found.cut ? "only the newest events are told" : "";
  put("story-more", [place, lasted, spent, hit, lost, cut].filter(Boolean).join("; "));
  drawSpark(found);
  const rows = found.steps.map((step, number) => make("tr", { class: `kind-${KINDS.includes(step.kind) ? step.kind : "other"}` },
    make("th", { scope: "row", title: moment(step.time, true) }, clockOf(found.steps, number)), cell(make("bdi", {}, [step.agent, step.kind].filter(Boolean).join(": ")), false), cell(make("bdi", {}, said(step)), false),
    cell(step.duration_ms === null ? "" : took(step.duration_ms)), cell(step.cost_usd === null ? "" : money(step.cost_usd)), cell(money(step.cost_so_far_usd))));
  table("steps", ["Time", "Kind", "What", "Took", "Cost", "So far"], rows, { texts: 3, nothing: "no event on this page" });
  pages("session-part", state, link, found.offset, found.steps.length, found.step_count, STEPS);
  asked("session-part", found.question);
}

/** The time of a step; with its date where that is another than the one before. */
function clockOf(steps, number) {
  const [now, before] = [steps[number], steps[number - 1]].map((step) => step && moment(step.time, true));
  return before && before.slice(0, 10) === now.slice(0, 10) ? now.slice(11) : now;
}

function said(step) {
  const more = Object.entries(step).filter(([name, value]) => !SHORT.includes(name) && !Object.hasOwn(COUNTS, name) && value !== null && value !== "");
  const counts = Object.entries(COUNTS).filter(([name]) => step[name]).map(([name, word]) => `${word} ${tokens(step[name])}`);
  const what = step.kind === "request" ? modelLabel(step.what || "") : step.what || "";
  const text = [what, ...counts, ...more.map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`)].filter(Boolean).join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

/** What was spent so far, against the time; the last column of the table has the same numbers. */
function drawSpark(found) {
  const steps = found.steps;
  const first = new Date(steps[0]?.time), last = new Date(steps.at(-1)?.time);
  const most = Math.max(...steps.map((step) => step.cost_so_far_usd), 0);
  if (!(most > 0) || !(last > first)) return fill(at("spark"));
  const whole = drawn("svg", { viewBox: "0 0 1000 60", preserveAspectRatio: "none", "aria-hidden": "true" });
  const points = steps.map((step) => `${(((new Date(step.time) - first) / (last - first)) * 1000).toFixed(1)},${(58 - (step.cost_so_far_usd / most) * 56).toFixed(1)}`);
  whole.append(drawn("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }));
  return fill(at("spark"), whole);
}
