// Elements, made of text: nothing that a ledger holds is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

/** An element with properties and children; a child that is no element is text. */
export function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

/** An element of a drawing. */
export function drawn(name, properties) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  return made;
}

export function put(id, text, title) {
  const place = at(id);
  if (!place) return;
  if (place.textContent !== text) place.textContent = text;
  if (title) place.title = title;
}

const nameOf = (one) => one.getAttribute("href") || one.getAttribute("aria-label") || one.textContent;

/** Replace what is in *place*; who had the focus in there gets it again, by its address or its words. */
export function fill(place, ...children) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const name = focused && nameOf(focused);
  place.replaceChildren(...children.filter((one) => one !== null));
  if (!focused || focused.isConnected) return;
  const same = [...place.querySelectorAll("a, button, summary")].find((one) => nameOf(one) === name);
  if (same) same.focus({ preventScroll: true });
}

/** Begin anew at the top, and have *heading* read out: another view is shown. */
export function readOut(heading) {
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** A cell: of figures where *number* says so. */
export function cell(content, number = true) {
  return make("td", { class: number ? "number" : "text" }, content);
}

/** A cell of a name that may be long: it has what is left of the line, and its title has all of it. */
export function long(text, ...children) {
  return make("td", { class: "text long", title: text }, ...(children.length ? children : [make("bdi", {}, text)]));
}

/**
 * Fill a table: *heads* are words or elements, the first ones of *texts* columns are no figures, and none whose words *others*
 * has. Without *rows* it says *nothing*.
 */
export function table(id, heads, rows, { texts = 1, others = [], nothing = "nothing in this range" } = {}) {
  const place = at(id);
  if (!place) return;
  fill(place.tHead, make("tr", {}, ...heads.map((word, number) => head(word, number >= texts && !others.includes(word)))));
  const empty = make("tr", {}, make("td", { class: "soft", colspan: String(heads.length) }, nothing));
  fill(place.tBodies[0], ...(rows.length ? rows : [empty]));
}

function head(word, number) {
  if (word instanceof Element && word.tagName === "TH") {
    word.className = number ? "number" : "";
    return word;
  }
  return make("th", { scope: "col", class: number ? "number" : null }, word);
}

let leads = (href) => href;

/** Have *how* say where links lead to: null is nowhere. A page that is a file has no process that could be asked. */
export function lead(how) {
  leads = how;
}

/** A link; text where it leads nowhere. */
export function anchor(href, text, properties = {}) {
  const to = leads(href);
  return to === null ? make("span", { class: properties.class }, text) : make("a", { ...properties, href: to }, text);
}

/** A bar as long as *share* (0 to 1); the figure beside it says the same. */
export function bar(share) {
  const whole = drawn("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", class: "bar" });
  whole.append(drawn("rect", { width: "100", height: "10", class: "track" }));
  whole.append(drawn("rect", { width: String(share > 0 ? Math.min(100, Math.max(0.5, share * 100)) : 0), height: "10" }));
  return whole;
}

/** A button that copies the words which ask for a figure on a terminal. */
export function copier(question) {
  if (!question) return null;
  return make("button", { type: "button", class: "copy", title: `copy: ${question}`, "aria-label": `copy ${question}`, "data-question": question });
}

/** Copy what a button stands for, and say so; where a browser keeps that from us, its words are selected. */
export async function copy(button) {
  const words = button.dataset.question;
  try {
    await navigator.clipboard.writeText(words);
    put("heard", `copied: ${words}`);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 2000);
  } catch {
    const code = button.parentElement.querySelector("code");
    if (code) getSelection().selectAllChildren(code);
    put("heard", words);
  }
}

/** What was asked, and the same as CSV: *tables* are addresses by the word for each. */
export function asked(part, question, tables = {}) {
  const place = at(part)?.querySelector(".asked");
  if (!place) return;
  const code = question ? make("code", { title: question }, question) : make("span", {}, "no verb asks this");
  const files = Object.entries(tables).map(([word, query]) => [word, leads(`/api/csv?${query}`)]);
  const links = files.filter(([, file]) => file).map(([word, file]) => make("a", { href: file, download: "cclaunch.csv" }, word));
  fill(place, code, copier(question), make("span", { class: "tables" }, ...links));
}

/** Links to the page before and behind. */
export function pages(part, state, link, offset, shown, whole, limit) {
  const place = at(part)?.querySelector(".pages");
  if (!place) return;
  const to = (number, word) => anchor(link(state, { offset: number ? String(number) : "" }), word);
  const say = (number) => number.toLocaleString("en-US");
  const before = offset > 0 ? to(Math.max(0, Math.min(offset, whole) - limit), "← before") : null;
  const after = offset + shown < whole ? to(offset + limit, "after →") : null;
  const words = shown ? `${say(offset + 1)} to ${say(offset + shown)} of ${say(whole)}` : `none from ${say(offset + 1)} on, ${say(whole)} in all`;
  fill(place, ...[before, whole || offset ? make("span", {}, words) : null, after].filter(Boolean));
}
