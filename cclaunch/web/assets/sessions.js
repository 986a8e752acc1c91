// Sessions: the newest on the first screen, all of them in pages, and the story of one.

import { anchor, asked, at, cell, fill, make, pages, put, table } from "/assets/dom.js";
import { SPAN, link, words } from "/assets/state.js";
import { cost, count, lately, modelLabel, moment, money, percent, tokens, took } from "/assets/words.js";

export const PAGE = 50;
export const STEPS = 200;
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

const where = (row) => make("bdi", {}, [row.repository || "no repository", row.branch].filter(Boolean).join(" · "));

export function drawNewest(found, state) {
  if (!found.rows) return;
  const rows = found.rows.map((row) => make("tr", {}, begun(found, state, row), cell(where(row), false), cell(cost(row))));
  table("sessions", ["Begun", "Where", "Cost"], rows, 2);
  const all = anchor(link(state, { view: "sessions" }), `all ${found.sessions.toLocaleString("en-US")}`);
  fill(at("count"), all);
  asked("sessions-part", found.question, words(state, SPAN, { what: "sessions" }));
}

export function drawSessions(found, state) {
  if (!found.rows) return;
  put("count", `${count(found.sessions, "session")}, ${cost(found.total)}`);
  const rows = found.rows.map((row) => make("tr", {},
    begun(found, state, row), cell(make("bdi", {}, row.profile || "no profile"), false), cell(where(row), false),
    cell((row.models || []).map(modelLabel).join(", "), false), cell(took(row.seconds * 1000)),
    cell(row.requests.toLocaleString("en-US")), cell(tokens(row.total_tokens)), cell(cost(row))));
  table("sessions", ["Begun", "Profile", "Where", "Models", "Took", "Requests", "Tokens", "Cost"], rows, 4);
  pages("sessions-part", state, link, found.offset, found.rows.length, found.sessions, PAGE);
  asked("sessions-part", found.question, words(state, [...SPAN, "sort"], { what: "sessions" }));
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
  const rows = found.steps.map((step) => make("tr", { class: `kind-${KINDS.includes(step.kind) ? step.kind : "other"}` },
    make("th", { scope: "row" }, moment(step.time, true)), cell(make("bdi", {}, [step.agent, step.kind].filter(Boolean).join(": ")), false), cell(make("bdi", {}, said(step)), false),
    cell(step.duration_ms === null ? "" : took(step.duration_ms)), cell(step.cost_usd === null ? "" : money(step.cost_usd)), cell(money(step.cost_so_far_usd))));
  table("steps", ["Time", "Kind", "What", "Took", "Cost", "So far"], rows, 3);
  pages("session-part", state, link, found.offset, found.steps.length, found.step_count, STEPS);
  asked("session-part", found.question);
}

const KINDS = ["prompt", "request", "tool", "error"];

function said(step) {
  const more = Object.entries(step).filter(([name, value]) => !SHORT.includes(name) && value !== null && value !== "");
  const what = step.kind === "request" ? modelLabel(step.what || "") : step.what || "";
  const text = [what, ...more.map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`)].filter(Boolean).join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

/** What was spent so far, against the time; the last column of the table has the same numbers. */
function drawSpark(found) {
  const svg = "http://www.w3.org/2000/svg";
  const steps = found.steps;
  const first = new Date(steps[0]?.time), last = new Date(steps.at(-1)?.time);
  const most = Math.max(...steps.map((step) => step.cost_so_far_usd), 0);
  if (!(most > 0) || !(last > first)) return fill(at("spark"));
  const drawn = document.createElementNS(svg, "svg");
  for (const [name, value] of [["viewBox", "0 0 1000 60"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) drawn.setAttribute(name, value);
  const line = document.createElementNS(svg, "polyline");
  const points = steps.map((step) => `${(((new Date(step.time) - first) / (last - first)) * 1000).toFixed(1)},${(58 - (step.cost_so_far_usd / most) * 56).toFixed(1)}`);
  line.setAttribute("points", points.join(" "));
  line.setAttribute("vector-effect", "non-scaling-stroke");
  drawn.append(line);
  return fill(at("spark"), drawn);
}
