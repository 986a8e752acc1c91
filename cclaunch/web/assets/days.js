// The days of a range: bars, whose they are, and the same numbers as a table. A click on a name filters all of it.

import { drawChart, hue } from "/assets/chart.js";
import { asked, at, cell, fill, make, put, table } from "/assets/dom.js";
import { filter } from "/assets/parts.js";
import { SPAN, toggled, words } from "/assets/state.js";
import { cost, count, day, money, named, tokens } from "/assets/words.js";

function nameOf(found, one) {
  return one.rest ? `${one.rest.toLocaleString("en-US")} more` : named(found.by[1], one.value);
}

export function drawDays(found, state, go) {
  if (!found.days) return;
  const key = found.by[1];
  const span = found.days.length === 1 ? day(found.days[0], true) : `${count(found.days.length, "day")} by ${key}`;
  put("days-title", span);
  const whole = `${cost(found.total)} together, ${count(found.total.requests, "request")}, ${tokens(found.total.total_tokens)} tokens`;
  put("readout", whole);
  const chart = at("chart");
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", `Bars of ${span}: ${whole}. The numbers are in the table below.`);
  drawChart(chart, found, (number) => fill(at("readout"), ...(number === null ? [whole] : pointed(found, number))), (number) => {
    const one = found.series[number];
    if (!one.rest) go(toggled(state, `${key}=${one.value ?? ""}`));
  });
  fill(at("legend"), ...found.series.map((one, number) => {
    const name = one.rest ? make("span", {}, nameOf(found, one)) : filter(state, key, one.value);
    return make("li", { class: hue(found, number) }, make("span", { class: "swatch", "aria-hidden": "true" }), name, make("span", { class: "soft" }, cost(one.total)));
  }));
  const details = at("days").closest("details");
  details.ontoggle = () => details.open && drawTable(found);
  details.fillIn = () => drawTable(found);
  if (details.open) drawTable(found);
  asked("days-part", found.question, { CSV: words(state, SPAN, { what: "days", by: key }) });
}

/** The numbers of the bars; they are many, so nobody makes the table who does not look at it. */
function drawTable(found) {
  const rows = found.days.map((name, number) => make("tr", {},
    make("th", { scope: "row" }, day(name, true)),
    cell(money(sum(found, number, "cost_usd"))), cell(sum(found, number, "requests").toLocaleString("en-US")), cell(tokens(sum(found, number, "total_tokens"))),
    ...found.series.map((one) => cell(one.cost_usd[number] || one.requests[number] ? money(one.cost_usd[number]) : ""))));
  const last = make("tr", { class: "sum" }, make("th", { scope: "row" }, "Together"), cell(cost(found.total)), cell(found.total.requests.toLocaleString("en-US")),
    cell(tokens(found.total.total_tokens)), ...found.series.map((one) => cell(cost(one.total))));
  table("days", ["Day", "Cost", "Requests", "Tokens", ...found.series.map((one) => make("bdi", { title: nameOf(found, one) }, nameOf(found, one)))], [...rows.reverse(), last]);
}

function sum(found, number, measure) {
  return found.series.reduce((whole, one) => whole + one[measure][number], 0);
}

function pointed(found, number) {
  const parts = found.series.filter((one) => one.cost_usd[number]).sort((a, b) => b.cost_usd[number] - a.cost_usd[number]);
  const told = parts.slice(0, 4).flatMap((one) => [" · ", make("bdi", {}, nameOf(found, one)), ` ${money(one.cost_usd[number])}`]); // a name turns no other words round
  return [`${day(found.days[number], true)}: ${money(sum(found, number, "cost_usd"))}`, ...told, parts.length > 4 ? ` · ${parts.length - 4} more` : ""];
}
