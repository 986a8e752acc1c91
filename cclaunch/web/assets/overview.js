// The first screen: the days, who it was for beside where it went, and the newest sessions. A click on a name filters all of it.

import { drawChart, hue } from "/assets/chart.js";
import { anchor, asked, at, bar, cell, fill, make, put, table } from "/assets/dom.js";
import { KEYS, SPAN, toggled, words } from "/assets/state.js";
import { cost, count, day, money, named, percent, tokens } from "/assets/words.js";

const PARTS = [["models", "model", "Model"], ["agents", "agent", "Sub-agent"], ["skills", "skill", "Skill"], ["mcp", "mcp", "MCP server"]];
const FILTERED = [...KEYS, "mcp"];

/** A name that filters by its value, or what it is of where that cannot be asked. */
function filter(state, key, value, conditions = [`${key}=${value ?? ""}`]) {
  const text = make("bdi", {}, named(key, value));
  if (!FILTERED.includes(key)) return text;
  const set = conditions.every((one) => state.where.includes(one));
  return anchor(toggled(state, ...conditions), text, { title: set ? "show the others too" : `only ${named(key, value)}`, "aria-current": set ? "true" : null });
}

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
  drawChart(chart, found, (number) => put("readout", number === null ? whole : pointed(found, number)), (number) => {
    const one = found.series[number];
    if (!one.rest) go(toggled(state, `${key}=${one.value ?? ""}`));
  });
  fill(at("legend"), ...found.series.map((one, number) => {
    const name = one.rest ? make("span", {}, nameOf(found, one)) : filter(state, key, one.value);
    return make("li", { class: hue(found, number) }, make("span", { class: "swatch", "aria-hidden": "true" }), name, make("span", { class: "soft" }, cost(one.total)));
  }));
  const details = at("days").closest("details");
  details.ontoggle = () => details.open && drawTable(found);
  if (details.open) drawTable(found);
  asked("days-part", found.question, words(state, [...SPAN, "by"], { what: "days" }));
}

/** The numbers of the bars; they are many, so nobody makes the table who does not look at it. */
function drawTable(found) {
  const rows = found.days.map((name, number) => make("tr", {},
    make("th", { scope: "row" }, day(name, true)),
    cell(money(sum(found, number, "cost_usd"))), cell(sum(found, number, "requests").toLocaleString("en-US")), cell(tokens(sum(found, number, "total_tokens"))),
    ...found.series.map((one) => cell(one.cost_usd[number] || one.requests[number] ? money(one.cost_usd[number]) : ""))));
  const last = make("tr", { class: "sum" }, make("th", { scope: "row" }, "Together"), cell(cost(found.total)), cell(found.total.requests.toLocaleString("en-US")),
    cell(tokens(found.total.total_tokens)), ...found.series.map((one) => cell(cost(one.total))));
  table("days", ["Day", "Cost", "Requests", "Tokens", ...found.series.map((one) => nameOf(found, one))], [...rows.reverse(), last]);
}

function sum(found, number, measure) {
  return found.series.reduce((whole, one) => whole + one[measure][number], 0);
}

function pointed(found, number) {
  const parts = found.series.filter((one) => one.cost_usd[number]).sort((a, b) => b.cost_usd[number] - a.cost_usd[number]);
  const told = parts.slice(0, 4).map((one) => `${nameOf(found, one)} ${money(one.cost_usd[number])}`);
  return [`${day(found.days[number], true)}: ${money(sum(found, number, "cost_usd"))}`, ...told, parts.length > 4 ? `${parts.length - 4} more` : ""].filter(Boolean).join(" · ");
}

export function drawWhom(found, state) {
  if (!found.nodes) return;
  const whole = found.total.cost_usd;
  const rows = [];
  const walk = (nodes, path, depth) => {
    for (const node of nodes) {
      const conditions = [...path, `${node.key}=${node.value ?? ""}`];
      const name = make("th", { scope: "row", class: `depth-${depth}` }, filter(state, node.key, node.value, conditions));
      const part = whole > 0 ? node.cost_usd / whole : 0;
      rows.push(make("tr", {}, name, make("td", { class: "drawn" }, bar(part)), cell(cost(node)), cell(percent(part))));
      if (node.nodes && !alone(node)) walk(node.nodes, conditions, depth + 1);
      if (node.hidden) rows.push(more(node.hidden, whole, depth + 1));
    }
  };
  walk(found.nodes, [], 0);
  if (found.hidden) rows.push(more(found.hidden, whole, 0));
  put("whom-more", found.by.join(" → "));
  table("whom", ["Name", "", "Cost", "Share"], rows, 2);
  asked("whom-part", found.question, words(state, SPAN, { what: "whom" }));
}

/** What lies below is one thing without a name: there is nothing to tell. */
function alone(node) {
  return node.nodes.length === 1 && node.nodes[0].value === null && !node.hidden;
}

function more(hidden, whole, depth) {
  const part = whole > 0 ? hidden.cost_usd / whole : 0;
  return make("tr", {}, make("th", { scope: "row", class: `depth-${depth} soft` }, `${hidden.rows.toLocaleString("en-US")} more`),
    make("td", { class: "drawn" }, bar(part)), cell(cost(hidden)), cell(percent(part)));
}

export function drawWhat(found, state) {
  if (!found.models) return;
  put("hit", found.cache_hit_rate === null ? "" : `cache hit ${percent(found.cache_hit_rate)}`);
  const heads = ["Cost", "In", "Out", "Cached", "Written", "Hit"];
  const tables = PARTS.filter(([name]) => name === "models" || found[name].rows.some((row) => row[found[name].by[0]] !== null)).map(([name, key, word]) => {
    const part = found[name];
    const rows = part.rows.map((row) => make("tr", {}, make("th", { scope: "row" }, filter(state, key, row[key])), ...figures(row)));
    if (part.hidden) rows.push(make("tr", {}, make("th", { scope: "row", class: "soft" }, `${part.hidden.rows} more`), ...figures(part.hidden)));
    const first = make("th", { scope: "col", title: part.question }, word);
    const head = make("thead", {}, make("tr", {}, first, ...heads.map((one) => make("th", { scope: "col", class: "number" }, one))));
    return make("table", { "aria-label": `By ${key}`, id: `what-${name}` }, head, make("tbody", {}, ...rows));
  });
  fill(at("what"), ...tables);
  asked("what-part", found.question, words(state, SPAN, { what: "models" }));
}

function figures(row) {
  const kinds = [row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_creation_tokens];
  const rate = row.cache_hit_rate === null || row.cache_hit_rate === undefined ? "" : percent(row.cache_hit_rate);
  return [cell(cost(row)), ...kinds.map((number) => cell(tokens(number))), cell(rate)];
}
