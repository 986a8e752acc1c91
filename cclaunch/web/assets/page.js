// The page: the address says what is shown, the ledger what there is to show. Every text of the ledger goes in as text.

import { Asking } from "/assets/asking.js";
import { anchor, at, fill, make, put } from "/assets/dom.js";
import { drawHead } from "/assets/head.js";
import { drawDays, drawWhat, drawWhom } from "/assets/overview.js";
import { PAGE, STEPS, drawNewest, drawSessions, drawStory } from "/assets/sessions.js";
import { KEYS, RANGES, SPAN, VIEWS, link, read, toggled, words } from "/assets/state.js";
import { CAPTURED, drawCapture, drawTools } from "/assets/tools.js";
import { clock, day } from "/assets/words.js";

const main = document.querySelector("main");
let state = read(location.search);
const DATE = /^\d{4}-\d\d-\d\d$/;
let view = "";
let told = new Map();

const QUESTIONS = {
  overview: () => [["days", [...SPAN, "by"], {}, (found) => drawDays(found, state, go)], ["whom", SPAN, {}, drawWhom], ["what", SPAN, {}, drawWhat], ["sessions", SPAN, {}, drawNewest]],
  sessions: () => [["sessions", [...SPAN, "sort", "offset"], { limit: PAGE }, drawSessions]],
  session: () => [["session", ["session", "offset"], { limit: STEPS }, drawStory]],
  tools: () => [["tools", SPAN, {}, drawTools]],
  capture: () => [["capture", ["holes", "offset"], { limit: CAPTURED }, drawCapture]],
};

/** What is asked in this state: addresses, each with what is done with the answer. */
function wanted() {
  const asked = [["head", ["where"], {}, (found) => { drawHead(found, state); main.hidden = found.state === "empty"; }], ...QUESTIONS[state.view]()];
  return asked.map(([name, names, more, draw]) => {
    const query = words(state, names, more);
    return [`/api/${name}${query ? `?${query}` : ""}`, (found) => {
      told.set(name, found);
      draw(found, state);
      const part = at(`${name}-part`);
      part?.classList.remove("stale");
      part?.classList.toggle("none", found.state === "trouble"); // there is no answer to this: that to another question is none
      tell("");
    }];
  });
}

/** Say what is wrong, or that all is well; *wrong* goes before what the answers say. */
function tell(wrong) {
  const answers = [...told.values()];
  const troubles = answers.flatMap((one) => [one.trouble ? [one.trouble, one.hint].filter(Boolean).join(": ") : "", ...(one.troubles || []), ...(one.notes || [])]);
  const old = answers.find((one) => one.trouble && one.answered_at);
  const all = [wrong, ...new Set(troubles), old ? `These are the figures of ${clock(old.answered_at)}` : ""].filter(Boolean);
  const now = new Date();
  const date = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
  at("said").classList.toggle("wrong", all.length > 0);
  put("said", all.length ? all.join(". ") : `${day(date, true)}. Dollars are claude's own list-price estimate.`);
}

function drawControls() {
  const shown = (href, text, current) => anchor(href, text, { "aria-current": current ? "true" : null });
  fill(at("views"), ...Object.entries(VIEWS).map(([name, text]) => anchor(link(state, { view: name, session: "", holes: "" }), text, { "aria-current": state.view === name ? "page" : null })));
  const own = state.since || state.until;
  fill(at("ranges"), ...Object.entries(RANGES).map(([name, text]) => shown(link(state, { range: name === "30d" ? "" : name, since: "", until: "" }), text, !own && (state.range || "30d") === name)));
  fill(at("keys"), ...KEYS.map((key) => shown(link(state, { by: key === "profile" ? "" : key }), key, (state.by || "profile") === key)));
  at("keys").hidden = state.view !== "overview";
  at("controls").hidden = state.view === "session" || state.view === "capture";
  for (const name of ["since", "until"]) at("own").elements[name].value = DATE.test(state[name]) ? state[name] : "";
  fill(at("filters"), ...state.where.map((one) => {
    const [key, ...rest] = one.split("=");
    const text = make("bdi", {}, `${key}: ${rest.join("=") || "none"}`);
    return make("li", {}, anchor(toggled(state, one), text, { "aria-label": `take the filter ${one} away`, class: "chip" }));
  }));
}

/** Show what the address says; *moved*: another view than before, whose heading is read out. */
function show(moved) {
  state = read(location.search);
  const fresh = state.view !== view;
  if (fresh) {
    view = state.view;
    at("view").replaceChildren(at(`view-${view}`).content.cloneNode(true));
  }
  told = new Map([...told].filter(([name]) => name === "head"));
  for (const part of at("view").querySelectorAll("section")) part.classList.add("stale");
  drawControls();
  document.title = `cclaunch: ${VIEWS[view] || "a session"}`;
  const heading = at("view").querySelector("h2");
  if (moved && fresh && heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  asking.anew();
}

function go(href) {
  history.pushState(null, "", href);
  show(true);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.origin !== location.origin || link.pathname !== "/" || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
at("own").addEventListener("submit", (event) => {
  event.preventDefault();
  const { since, until } = at("own").elements;
  go(link(state, { range: "", since: since.value, until: until.value }));
});
window.addEventListener("popstate", () => show(true));

const asking = new Asking(wanted, tell);
show(false);
