// Money, tokens and days as people read them, by the same rules as `cclaunch usage` on a terminal.

const UNITS = ["", "k", "M", "B", "T"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Dollars: two decimals, four below a dollar; an estimate has its sign, and what has no price is not zero. */
export function cost(figures) {
  if (figures.requests_unpriced && !figures.cost_usd) return "-";
  return (figures.cost_estimated_usd ? "≈" : "") + money(figures.cost_usd);
}

export function money(dollars) {
  const few = dollars !== 0 && Math.abs(dollars) < 0.99995;
  const digits = few ? 4 : 2;
  return (dollars < 0 ? "-$" : "$") + Math.abs(dollars).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** An estimate of money: without cents from 100 dollars on. */
export function about(dollars) {
  return dollars >= 100 ? "$" + Math.round(dollars).toLocaleString("en-US") : money(dollars);
}

export function count(number, word) {
  return `${number.toLocaleString("en-US")} ${word}${number === 1 ? "" : "s"}`;
}

export function tokens(number) {
  let amount = number;
  let unit = 0;
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  if (unit === 0) return String(number);
  return amount.toFixed(amount < 99.95 ? 1 : 0) + UNITS[unit];
}

/** The name of a model without what all have. */
export function modelLabel(name) {
  return name.replace(/^claude-/, "").replace(/-\d{8}$/, "") || name;
}

/** By how much *now* is more than *before*: nothing where there was nothing before. */
export function change(now, before) {
  if (before <= 0) return "";
  const grown = now / before - 1;
  if (grown >= 9.995) return `${Math.round(now / before)} times`;
  const percent = Math.round(grown * 100);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`;
}

export function percent(share) {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share >= 0.995 && share < 1) return "99 %";
  return `${Math.round(share * 100)} %`;
}

/** `2026-11-26` is `Thu 26`; as a whole `Thursday, 2026-11-26`. The date is the ledger's, no zone moves it. */
export function day(text, whole) {
  const [year, month, number] = text.split("-").map(Number);
  const name = DAYS[new Date(Date.UTC(year, month - 1, number)).getUTCDay()];
  return whole ? `${name}, ${text}` : `${name.slice(0, 3)} ${number}`;
}

/** The time on the clock of a moment in seconds since 1970. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}

/** A share that is nearly all, with two decimals, never rounded up to all. */
export function share(part) {
  return `${(Math.floor(part * 10000) / 100).toLocaleString("en-US")} %`;
}

/** How long something took, in milliseconds. */
export function took(ms) {
  if (ms === null || ms === undefined) return "-";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.floor(ms / 1000) % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A moment, as a date and a time of this browser's zone. */
export function moment(iso, seconds) {
  const when = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  const time = `${two(when.getHours())}:${two(when.getMinutes())}${seconds ? `:${two(when.getSeconds())}` : ""}`;
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${time}`;
}

/** A date without its year, as an axis has it. */
export function date(text) {
  return `${Number(text.slice(8, 10))} ${MONTHS[Number(text.slice(5, 7)) - 1]}`;
}

/** A moment of these weeks; of today, the time alone. */
export function lately(iso) {
  const whole = moment(iso);
  if (whole.slice(0, 10) === moment(new Date()).slice(0, 10)) return whole.slice(11);
  return `${date(whole)} ${whole.slice(11)}`;
}

/** How long ago a moment was. */
export function ago(iso) {
  const minutes = Math.floor((Date.now() - new Date(iso)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
}

/** The name of a value of *key*; what has none says so, and an empty text is seen. */
export function named(key, value) {
  if (value === null) return `no ${key}`;
  return key === "model" ? modelLabel(value) : value || '""';
}
