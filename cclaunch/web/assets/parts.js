// Who it was for, as a tree that opens, beside where it went. A click on a name filters all of it.

import { anchor, asked, at, bar, cell, copier, fill, make, put, table } from "/assets/dom.js";
import { KEYS, SPAN, toggled, words } from "/assets/state.js";
import { cost, named, percent, tokens } from "/assets/words.js";

const PARTS = [["models", "model", "Model"], ["agents", "agent", "Sub-agent"], ["skills", "skill", "Skill"], ["mcp", "mcp", "MCP server"]];
const FILTERED = [...KEYS, "mcp", "pr"];
const FIGURES = ["Cost", "In", "Out", "Cached", "Written", "Hit"];

/** What the person has opened or closed, by the conditions of a branch. */
const opened = new Map();

/** A name that filters by its value, or what it is of where that cannot be asked. */
export function filter(state, key, value, conditions = [`${key}=${value ?? ""}`], text = named(key, value)) {
  const name = make("bdi", {}, text);
  if (!FILTERED.includes(key)) return name;
  const set = conditions.every((one) => state.where.includes(one));
  return anchor(toggled(state, ...conditions), name, { title: set ? "show the others too" : `only ${named(key, value)}`, "aria-current": set ? "true" : null });
}

export function drawWhom(found, state) {
  if (!found.nodes) return;
  const whole = found.total.cost_usd;
  const rows = [];
  const walk = (nodes, path, depth) => {
    for (const node of nodes) {
      const conditions = [...path, `${node.key}=${node.value ?? ""}`];
      const below = node.nodes && !alone(node);
      const open = below && isOpen(state, conditions, depth);
      const toggle = below ? toggler(found, state, node, conditions, open) : make("span", { class: "leaf" });
      rows.push(row(depth, whole, node, toggle, filter(state, node.key, node.value, conditions, short(node, path)), pulled(found, node)));
      if (open) {
        walk(node.nodes, conditions, depth + 1);
        if (node.hidden) rows.push(more(node.hidden, whole, depth + 1));
      }
    }
  };
  walk(found.nodes, [], 0);
  if (found.hidden) rows.push(more(found.hidden, whole, 0));
  put("whom-more", found.by.join(" › "), found.by.join(" › "));
  table("whom", ["Name", make("span", { class: "unseen" }, "As a bar"), "Cost", "Share"], rows, { texts: 2 });
  asked("whom-part", found.question, { CSV: words(state, SPAN, { what: "whom" }) });
}

function row(depth, whole, figures, ...name) {
  const part = whole > 0 ? figures.cost_usd / whole : 0;
  const head = make("th", { scope: "row", class: `depth-${depth}` }, make("div", { class: "branch" }, ...name));
  return make("tr", {}, head, make("td", { class: "drawn" }, bar(part)), cell(cost(figures)), cell(percent(part)));
}

/** The first two levels are open, and what the filters name; but the person says it last. */
function isOpen(state, conditions, depth) {
  return opened.get(conditions.join("\n")) ?? (depth === 0 || conditions.every((one) => state.where.includes(one)));
}

function toggler(found, state, node, conditions, open) {
  const name = `what is below ${named(node.key, node.value)}`;
  const button = make("button", { type: "button", class: "toggle", "aria-expanded": open ? "true" : "false", "aria-label": name });
  button.addEventListener("click", () => {
    opened.set(conditions.join("\n"), !open);
    drawWhom(found, state);
  });
  return button;
}

/** The name of a pull request without the repository that stands above it. */
function short(node, path) {
  const repository = path.find((one) => one.startsWith("repository="))?.slice("repository=".length);
  const [owner, number] = node.key === "pr" && node.value ? node.value.split("#") : [];
  if (!owner) return named(node.key, node.value);
  return owner === repository || owner.endsWith(`/${repository}`) ? `#${number}` : `${owner.split("/").at(-1)}#${number}`;
}

/** The way to a pull request, where its address is known. */
function pulled(found, node) {
  const url = node.key === "pr" && node.value && Object.hasOwn(found.urls || {}, node.value) ? found.urls[node.value] : "";
  if (!URL.canParse(url) || new URL(url).protocol !== "https:") return null;
  return anchor(url, "↗", { rel: "noreferrer noopener", target: "_blank", class: "away", title: url, "aria-label": `open ${node.value} at ${new URL(url).host}` });
}

/** What lies below is one thing without a name: there is nothing to tell. */
function alone(node) {
  return node.nodes.length === 1 && node.nodes[0].value === null && !node.hidden;
}

function more(hidden, whole, depth) {
  return row(depth, whole, hidden, make("span", { class: "leaf" }), make("span", { class: "soft" }, `${hidden.rows.toLocaleString("en-US")} more`));
}

export function drawWhat(found, state) {
  if (!found.models) return;
  put("hit", found.cache_hit_rate === null ? "" : `cache hit ${percent(found.cache_hit_rate)}`);
  const told = PARTS.filter(([name]) => name === "models" || found[name].rows.some((row) => row[found[name].by[0]] !== null));
  fill(at("what"), ...told.map(([name, key, word]) => {
    const part = found[name];
    const rows = part.rows.map((row) => make("tr", {}, make("th", { scope: "row" }, filter(state, key, row[key])), ...figures(row)));
    if (part.hidden) rows.push(make("tr", {}, make("th", { scope: "row", class: "soft" }, `${part.hidden.rows} more`), ...figures(part.hidden)));
    if (!rows.length) rows.push(make("tr", {}, make("td", { class: "soft", colspan: "7" }, "nothing in this range")));
    const first = make("th", { scope: "col" }, `${word} `, copier(part.question));
    const head = make("thead", {}, make("tr", {}, first, ...FIGURES.map((one) => make("th", { scope: "col", class: "number" }, one))));
    return make("table", { "aria-label": `By ${key}`, id: `what-${name}`, class: "fixed" }, head, make("tbody", {}, ...rows));
  }));
  asked("what-part", found.question, Object.fromEntries(told.map(([name]) => [name === "models" ? "CSV: models" : name, words(state, SPAN, { what: name })])));
}

function figures(row) {
  const kinds = [row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_creation_tokens];
  const rate = row.cache_hit_rate === null || row.cache_hit_rate === undefined ? "" : percent(row.cache_hit_rate);
  return [cell(cost(row)), ...kinds.map((number) => cell(tokens(number))), cell(rate)];
}
