// The head: today, this week, this month; budgets and the plan's windows; and what vouches for all of it.

import { anchor, at, bar, copier, fill, make, put } from "/assets/dom.js";
import { about, ago, change, cost, count, day, money, percent, share, tokens } from "/assets/words.js";
import { link } from "/assets/state.js";

const PERIODS = { day: "today", week: "this week", month: "this month" };
const WINDOWS = { five_hour: "5 hours", seven_day: "7 days" };
const MOST_BUDGETS = 3;
const NEAR = 0.8;
const EVERYTHING = "cclaunch usage --json";

export function drawHead(found, state) {
  if (!found.today) return;
  const { today, week, before, month } = found;
  figure("today", today, `${count(today.requests, "request")}, ${tokens(today.total_tokens)} tokens`);
  const grown = change(week.cost_usd, before.cost_usd);
  figure("week", week, grown ? `${grown} on ${cost(before)} last week` : "nothing by then last week", `the same span of last week: ${before.question}`);
  figure("month", month, found.pace_usd === null ? "too early for a pace" : `on pace for ${found.pace_estimated ? "≈" : ""}${about(found.pace_usd)}`);
  drawBudgets(found.budgets || []);
  drawWindows(found.plan_windows);
  const all = state.where.length ? "unfiltered" : "";
  put("budgets-of", ["of launches", all].filter(Boolean).join(", "), "what was spent by launches of cclaunch: a bare claude spends no budget");
  put("windows-of", all);
  drawBadge(found.badge, state);
}

function figure(name, figures, more, title) {
  put(name, cost(figures), figures.question);
  put(`${name}-more`, more, title);
  ask(at(name).parentElement, figures.question);
}

/** Put the button that copies *question* beside the heading of *place*. */
function ask(place, question) {
  fill(place.querySelector("h2 span"), copier(question));
}

/** What is measured, how much of it as a bar, and as words. */
function meter(what, part, words) {
  return make("li", { class: part >= 1 ? "over" : part >= NEAR ? "near" : null }, make("span", { class: "soft" }, ...[what].flat()), bar(part), make("span", { class: "number" }, words));
}

/** The budgets that are nearest to their end. */
function drawBudgets(budgets) {
  const place = at("budgets");
  const parts = budgets.map((one) => [one.limit_usd > 0 ? one.spent_usd / one.limit_usd : 1, one]).sort(([a], [b]) => b - a);
  place.hidden = parts.length === 0;
  place.querySelector("h2").firstChild.data = parts.length > MOST_BUDGETS ? `Budgets, the nearest of ${parts.length}` : parts.length > 1 ? "Budgets" : "Budget";
  fill(place.querySelector("ul"), ...parts.slice(0, MOST_BUDGETS).map(([part, one]) => {
    const whose = one.profile ? [make("bdi", {}, one.profile), ", "] : [];
    return meter([...whose, PERIODS[one.period] || one.period], part, `${percent(part)} of ${about(one.limit_usd)}`);
  }));
  ask(place, EVERYTHING);
}

function drawWindows(windows) {
  const told = Object.entries(WINDOWS).filter(([name]) => windows?.[name]).map(([name, word]) => planWindow(windows[name], word));
  if (windows?.spend_limit) told.push(limit(windows.spend_limit));
  at("windows").hidden = told.length === 0;
  fill(at("windows").querySelector("ul"), ...told);
  ask(at("windows"), EVERYTHING);
}

/** A window of the plan, as claude said it last; one that has begun anew since says nothing of now. */
function planWindow(one, word) {
  if (one.reset_since) return make("li", {}, make("span", { class: "soft" }, word), make("span", {}, "begun anew"), make("span", {}, ago(one.seen)));
  return meter(word, one.used_percentage / 100, `${Math.round(one.used_percentage)} %, ${ago(one.seen)}`);
}

function limit(one) {
  const part = one.limit_usd > 0 ? one.used_usd / one.limit_usd : 1;
  return meter(one.period || "dollars", part, `${money(one.used_usd)} of ${about(one.limit_usd)}, ${ago(one.seen)}`);
}

function drawBadge(badge, state) {
  if (!badge) {
    fill(at("badge"));
    return;
  }
  const missed = badge.missed ? `; ${badge.missed.toLocaleString("en-US")} missed → why` : "";
  const text = `checked: ${share(badge.share_both)} of ${count(badge.requests, "request")} vouched for twice${missed}`;
  const title = `${badge.question}, since ${day(badge.since.slice(0, 10), true)}`;
  fill(at("badge"), anchor(link(state, { view: "capture", session: "", holes: badge.missed ? "1" : "" }), text, { title }), copier(badge.question));
}

/** What the metrics of claude count beyond all events, in a sentence; nothing where that is nothing. */
export function lost(found) {
  return found?.lost_usd ? `claude's own metrics count ${money(found.lost_usd)} more than these events: that much was lost on the way` : "";
}
