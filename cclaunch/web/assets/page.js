// The page: the address says what is shown, the ledger what there is to show. Every text of the ledger goes in as text.

import { Asking } from "/assets/asking.js";
import { anchor, at, copy, fill, make, put, readOut } from "/assets/dom.js";
import { drawDays } from "/assets/days.js";
import { drawHead, lost } from "/assets/head.js";
import { drawWhat, drawWhom } from "/assets/parts.js";
import "/assets/printing.js";
import { PAGE, STEPS, drawNewest, drawSessions, drawStory } from "/assets/sessions.js";
import { KEYS, RANGES, SPAN, VIEWS, link, read, toggled, words } from "/assets/state.js";
import { CAPTURED, drawCapture, drawTools } from "/assets/tools.js";
import { clock } from "/assets/words.js";

const main = document.querySelector("main");
let state = read(location.search);
const DATE = /^\d{4}-\d\d-\d\d$/;
let view = "";
let told = new Map();

const QUESTIONS = {
  overview: () => [["days", [...SPAN, "by"], {}, drawKeyed], ["whom", SPAN, {}, drawWhom], ["what", SPAN, {}, drawWhat], ["sessions", SPAN, {}, drawNewest]],
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
      const part = name === "head" ? at("head") : at(`${name}-part`);
      part?.classList.remove("stale");
      if (part) refuse(part, found);
      tell("");
    }];
  });
}

/** Say in *part* why there is no answer to this question; one to another question is none. */
function refuse(part, found) {
  const none = found.state === "trouble";
  part.classList.toggle("none", none);
  part.querySelector(":scope > .trouble")?.remove();
  if (!none) return;
  const usual = anchor(link({ where: [] }, { view: state.view === "session" ? "" : state.view }), "Show the usual 30 days");
  part.append(make("div", { class: "trouble" }, make("p", { class: "wrong" }, found.trouble), make("p", { class: "soft" }, found.hint), make("p", {}, usual)));
}

/** Say what is wrong, or that all is well; *wrong* goes before what the answers say. */
function tell(wrong) {
  const head = told.get("head");
  const answers = head?.state === "empty" ? [head] : [...told.values()]; // then all others say the same
  const troubles = answers.flatMap((one) => [one.state === "trouble" ? one.trouble : sentence(one.trouble, one.hint), // what to do stands in its part
     ...(one.troubles || []), ...(one.notes || [])]);
  const old = answers.find((one) => one.trouble && one.answered_at);
  const unknown = state.unknown ? `There is no view \`${state.unknown}\`: this is the overview` : "";
  const all = [wrong, unknown, ...new Set(troubles), old ? `These are the figures of ${clock(old.answered_at)}` : ""].filter(Boolean);
  at("said").classList.toggle("wrong", all.length > 0);
  put("said", all.length ? all.join(". ") : lost(head) || "Dollars: claude's own list-price estimate");
}

/** What is wrong, and what to do. */
function sentence(trouble, hint) {
  if (!trouble || !hint) return trouble;
  return trouble.endsWith("?") ? `${trouble} ${hint}` : `${trouble}: ${hint}`;
}

function drawControls() {
  const shown = (href, text, current) => anchor(href, text, { "aria-current": current ? "true" : null });
  fill(at("views"), ...Object.entries(VIEWS).map(([name, text]) => anchor(link(state, { view: name, session: "", holes: "" }), text, { "aria-current": state.view === name ? "page" : null })));
  const own = state.since || state.until;
  fill(at("ranges"), ...Object.entries(RANGES).map(([name, text]) => shown(link(state, { range: name === "30d" ? "" : name, since: "", until: "" }), text, !own && (state.range || "30d") === name)));
  fill(at("keys"), ...KEYS.map((key) => shown(link(state, { by: key }), key, state.by === key)));
  at("keys").hidden = state.view !== "overview";
  at("controls").hidden = state.view === "session" || state.view === "capture";
  if (own) at("own-range").open = true;
  for (const name of ["since", "until"]) at("own").elements[name].value = DATE.test(state[name]) ? state[name] : "";
  fill(at("filters"), ...state.where.map((one) => {
    const [key, ...rest] = one.split("=");
    const text = make("bdi", {}, `${key}: ${rest.join("=") || "none"}`);
    return make("li", {}, anchor(toggled(state, one), text, { "aria-label": `take the filter ${one} away`, class: "chip" }));
  }));
}

/** The days; where the address names no key, their answer does. */
function drawKeyed(found) {
  if (found.by) for (const one of at("keys").children) one.ariaCurrent = one.textContent === found.by[1] ? "true" : null;
  drawDays(found, state, go);
}

/** Show what the address says; *moved*: another view than before, whose heading is read out. */
function show(moved) {
  state = read(location.search);
  const fresh = state.view !== view;
  if (fresh) {
    view = state.view;
    document.body.className = `view-${view}`;
    at("view").replaceChildren(at(`view-${view}`).content.cloneNode(true));
  }
  told = new Map([...told].filter(([name]) => name === "head"));
  for (const part of at("view").querySelectorAll("section")) part.classList.add("stale");
  drawControls();
  document.title = `cclaunch: ${VIEWS[view] || "a session"}`;
  if (moved && fresh) readOut(at("view").querySelector("h2"));
  asking.anew();
}

function go(href) {
  history.pushState(null, "", href);
  show(true);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-question]");
  if (button) copy(button);
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.origin !== location.origin || link.pathname !== "/" || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
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
