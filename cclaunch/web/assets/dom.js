// Elements, made of text: nothing that a ledger holds is ever read as markup.

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

export function put(id, text, title) {
  const place = at(id);
  if (!place) return;
  if (place.textContent !== text) place.textContent = text;
  if (title) place.title = title;
}

/** Replace what is in *place*; who had the focus in there gets it again, by its address or its words. */
export function fill(place, ...children) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const name = focused && (focused.getAttribute("href") || focused.textContent);
  place.replaceChildren(...children.filter((one) => one !== null));
  if (!focused || focused.isConnected) return;
  const same = [...place.querySelectorAll("a, button, summary")].find((one) => (one.getAttribute("href") || one.textContent) === name);
  if (same) same.focus({ preventScroll: true });
}

/** A cell: of figures where *number* says so. */
export function cell(content, number = true) {
  return make("td", { class: number ? "number" : "text" }, content);
}

/** Fill a table: *heads* are words, the first ones of *texts* columns are no figures, and none whose words *others* has. */
export function table(id, heads, rows, texts = 1, others = []) {
  const place = at(id);
  if (!place) return;
  const head = heads.map((word, number) => make("th", { scope: "col", class: number < texts || others.includes(word) ? null : "number" }, word));
  fill(place.tHead, make("tr", {}, ...head));
  fill(place.tBodies[0], ...rows);
}

/** A link; *current*: it is what is shown. */
export function anchor(href, text, properties = {}) {
  return make("a", { href, ...properties }, text);
}

/** A bar as long as *share* (0 to 1); the figure beside it says the same. */
export function bar(share) {
  const svg = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(svg, "svg");
  drawn.setAttribute("viewBox", "0 0 100 10");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("aria-hidden", "true");
  drawn.setAttribute("class", "bar");
  const filled = document.createElementNS(svg, "rect");
  filled.setAttribute("width", String(share > 0 ? Math.max(0.5, share * 100) : 0));
  filled.setAttribute("height", "10");
  drawn.append(filled);
  return drawn;
}

/** What was asked, and the same as CSV. */
export function asked(part, question, csv) {
  const place = at(part)?.querySelector(".asked");
  if (!place) return;
  const code = question ? make("code", { title: question }, question) : "no verb asks this";
  fill(place, code, csv ? anchor(`/api/csv?${csv}`, "CSV", { download: "cclaunch.csv" }) : null);
}

/** Links to the page before and behind. */
export function pages(part, state, link, offset, shown, whole, limit) {
  const place = at(part)?.querySelector(".pages");
  if (!place) return;
  const to = (number, word) => anchor(link(state, { offset: number ? String(number) : "" }), word);
  const before = offset > 0 ? to(Math.max(0, offset - limit), "← before") : null;
  const after = offset + shown < whole ? to(offset + limit, "after →") : null;
  const words = whole ? `${(offset + 1).toLocaleString("en-US")} to ${(offset + shown).toLocaleString("en-US")} of ${whole.toLocaleString("en-US")}` : "";
  fill(place, ...[before, words && make("span", {}, words), after].filter(Boolean));
}
