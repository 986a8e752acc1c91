// The head: today, this week, this month; budgets and the plan's windows; and what vouches for all of it.

import { anchor, at, bar, fill, make, put } from "/assets/dom.js";
import { about, ago, change, cost, count, day, money, percent, share, tokens } from "/assets/words.js";
import { link } from "/assets/state.js";

const PERIODS = { day: "today", week: "this week", month: "this month" };
const WINDOWS = { five_hour: "5 hours", seven_day: "7 days" };

export function drawHead(found, state) {
  if (!found.today) return;
  const { today, week, before, month } = found;
  put("today", cost(today), today.question);
  put("today-more", `${count(today.requests, "request")}, ${tokens(today.total_tokens)} tokens`);
  put("week", cost(week), week.question);
  const grown = change(week.cost_usd, before.cost_usd);
  put("week-more", grown ? `${grown} on ${cost(before)} last week` : "nothing by then last week", `the same span of last week: ${before.question}`);
  put("month", cost(month), month.question);
  put("month-more", found.pace_usd === null ? "too early for a pace" : `on pace for ${found.pace_estimated ? "≈" : ""}${about(found.pace_usd)}`);
  drawBudgets(found.budgets || []);
  drawWindows(found.plan_windows);
  drawBadge(found.badge, state);
}

function drawBudgets(budgets) {
  at("budgets").hidden = budgets.length === 0;
  fill(at("budgets").querySelector("ul"), ...budgets.slice(0, 3).map((one) => {
    const part = one.limit_usd > 0 ? one.spent_usd / one.limit_usd : 1;
    const whose = one.profile ? `${one.profile}, ` : "";
    return make("li", { class: part >= 1 ? "over" : null }, `${percent(part)} of ${money(one.limit_usd)} ${whose}${PERIODS[one.period] || one.period}`, bar(Math.min(1, part)));
  }));
}

function drawWindows(windows) {
  const told = Object.entries(WINDOWS).filter(([name]) => windows?.[name]).map(([name, word]) => window(windows[name], word));
  if (windows?.spend_limit) told.push(limit(windows.spend_limit));
  at("windows").hidden = told.length === 0;
  fill(at("windows").querySelector("ul"), ...told);
}

/** A window of the plan, as claude said it last; one that has begun anew since says nothing of now. */
function window(one, word) {
  if (one.reset_since) return make("li", {}, `${word}: begun anew, ${ago(one.seen)}`);
  return make("li", {}, `${Math.round(one.used_percentage)} % of ${word}, ${ago(one.seen)}`, bar(Math.min(1, one.used_percentage / 100)));
}

function limit(one) {
  return make("li", {}, `${money(one.used_usd)} of ${money(one.limit_usd)}${one.period ? ` ${one.period}` : ""}, ${ago(one.seen)}`);
}

function drawBadge(badge, state) {
  if (!badge) {
    fill(at("badge"));
    return;
  }
  const missed = badge.missed ? `; ${count(badge.missed, "request")} missed → why` : "";
  const text = `checked: ${share(badge.share_both)} of ${count(badge.requests, "request")} vouched for twice${missed}`;
  fill(at("badge"), anchor(link(state, { view: "capture", holes: badge.missed ? "1" : "" }), text, { title: `${badge.question}, since ${day(badge.since.slice(0, 10), true)}` }));
}
