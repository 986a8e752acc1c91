// The screen as a file: the answers stand in it. What is shown is the part of the address behind the #; nothing is asked of anybody.

import { drawDays } from "/assets/days.js";
import { anchor, at, copier, copy, fill, lead, make, put, readOut } from "/assets/dom.js";
import { drawWhat, drawWhom } from "/assets/parts.js";
import "/assets/printing.js";
import { PAGE, drawNewest, drawSessions } from "/assets/sessions.js";
import { KEYS, VIEWS, link, read } from "/assets/state.js";
import { CAPTURED, drawCapture, drawTools } from "/assets/tools.js";
import { cost, count, percent, tokens } from "/assets/words.js";

const NEWEST = 8;
const { made, days, whom, what, sessions, tools, capture } = JSON.parse(at("answers").textContent);
const views = Object.keys(VIEWS).filter((name) => name !== "capture" || capture);
const rows = { sessions: sessions.rows, capture: capture?.sessions || [] };
const usual = days.profile.series.some((one) => one.value) ? "profile" : "repository";
let state = {};
let view = "";

/** Where a link leads within the file; null where that takes the ledger: filters, other ranges, the story of a session, CSV. */
function within(href) {
  if (href !== "/" && !href.startsWith("/?")) return null;
  const { by, offset, view: wanted, where, ...others } = read(href.slice(1));
  const known = views.includes(wanted) && (!by || Object.hasOwn(days, by)) && Number(offset) < Math.max(1, rows[wanted]?.length || 0);
  return known && !where.length && !Object.values(others).some(Boolean) ? `#${href.slice(2)}` : null;
}

/** A page of *rows* from the row on that the address says. */
function paged(all, limit) {
  const wanted = Number(state.offset);
  const offset = Number.isInteger(wanted) && wanted >= 0 && wanted < all.length ? wanted : 0;
  return [all.slice(offset, offset + limit), offset];
}

const DRAWN = {
  overview: () => {
    drawDays(days[state.by || usual], state, () => {});
    drawWhom({ ...whom, urls: {} }, state);
    drawWhat(what, state);
    drawNewest({ ...sessions, rows: rows.sessions.slice(0, NEWEST), live: [] }, state);
  },
  sessions: () => {
    const [page, offset] = paged(rows.sessions, PAGE);
    drawSessions({ ...sessions, rows: page, offset, live: [] }, state);
    cut("count", rows.sessions.length, sessions.sessions);
  },
  tools: () => {
    drawTools({ ...tools, tools_hidden: 0 }, state);
    if (tools.tools_hidden) put("tools-more", `${count(tools.tools_hidden, "tool")} more, not in this file`);
  },
  capture: () => {
    const [page, offset] = paged(rows.capture, CAPTURED);
    drawCapture({ ...capture, sessions: page, offset }, state);
    cut("capture-more", rows.capture.length, capture.count);
  },
};

/** Say how many of *whole* are left out. */
function cut(id, held, whole) {
  if (held < whole) at(id).append(` (this file has the first ${held.toLocaleString("en-US")} of ${whole.toLocaleString("en-US")})`);
}

function drawHead() {
  const { total } = days.profile;
  const some = days.profile.days.filter((_, at) => days.profile.series.some((one) => one.requests[at])).length;
  const hit = what.cache_hit_rate === null ? "" : `, cache hit ${percent(what.cache_hit_rate)}`;
  put("together", cost(total), days.profile.question);
  fill(at("together").parentElement.querySelector("h2 span"), copier(days.profile.question));
  put("together-more", `${count(total.requests, "request")}, ${tokens(total.total_tokens)} tokens${hit}`);
  const divided = (parts) => cost({ ...total, cost_usd: total.cost_usd / Math.max(1, parts) });
  put("daily", divided(days.profile.days.length));
  put("daily-more", `over ${count(days.profile.days.length, "day")}, ${some.toLocaleString("en-US")} of them with requests`);
  put("counted", sessions.sessions.toLocaleString("en-US"), sessions.question);
  put("counted-more", `${divided(sessions.sessions)} each`);
  const whose = made.profiles === null ? "all profiles" : made.profiles.map((name) => name || "no profile").join(", ");
  fill(at("said"), make("bdi", {}, `${made.range}: ${whose}. Made ${made.at}. Dollars: claude's own list-price estimate`));
  fill(at("contents"), ...made.about.map((text) => make("li", {}, text)), make("li", {}, "Made by ", make("code", {}, made.command)));
}

function show(moved) {
  state = { ...read(location.hash.slice(1)), where: [] };
  if (!views.includes(state.view)) state.view = "overview";
  if (!Object.hasOwn(days, state.by)) state.by = "";
  const fresh = state.view !== view;
  view = state.view;
  document.body.className = `file view-${view}`;
  if (fresh) at("view").replaceChildren(at(`view-${view}`).content.cloneNode(true));
  fill(at("views"), ...views.map((name) => anchor(link(state, { view: name }), VIEWS[name], { "aria-current": view === name ? "page" : null })));
  fill(at("keys"), ...KEYS.map((key) => anchor(link(state, { by: key === usual ? "" : key }), key, { "aria-current": (state.by || usual) === key ? "true" : null })));
  at("controls").hidden = view !== "overview";
  document.title = `cclaunch: ${VIEWS[view]}, ${made.range}`;
  DRAWN[view]();
  if (moved && fresh) readOut(at("view").querySelector("h2"));
}

lead(within);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-question]");
  if (button) copy(button);
});
window.addEventListener("hashchange", () => show(true));
drawHead();
show(false);
