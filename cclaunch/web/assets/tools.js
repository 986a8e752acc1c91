// Tools, errors and latency; and what both witnesses saw. No dollars here: nobody can say what a tool cost.

import { anchor, asked, at, cell, fill, make, pages, put, table } from "/assets/dom.js";
import { SPAN, link, words } from "/assets/state.js";
import { count, day, modelLabel, moment, share, took } from "/assets/words.js";

export const CAPTURED = 50;
const PERCENTILES = ["p50_ms", "p95_ms", "p99_ms"];
const whole = (number) => number.toLocaleString("en-US");
const name = (text) => make("th", { scope: "row" }, make("bdi", {}, text || '""'));
const counts = (found) => Object.entries(found).map(([word, times]) => `${word || "no reason"} ${whole(times)}`).join(", ");
const times = (row) => PERCENTILES.map((one) => cell(took(row[one])));

export function drawTools(found, state) {
  if (!found.tools) return;
  table("tools", ["Tool", "Calls", "Failed", "Median", "p95", "p99", "Together", "Decisions", "Why it failed"],
    found.tools.map((row) => make("tr", {}, name(row.tool), cell(whole(row.calls)), cell(whole(row.failed)), ...times(row), cell(took(row.total_ms)),
      cell(make("bdi", {}, counts(row.decisions)), false), cell(make("bdi", {}, counts(row.failed_by)), false))), { others: ["Decisions", "Why it failed"], nothing: "no tool was called in this range" });
  table("latency", ["Model", "Requests", "Median", "p95", "p99"],
    found.latency.map((row) => make("tr", {}, name(modelLabel(row.model)), cell(whole(row.requests)), ...times(row))), { nothing: "no request in this range says how long it took" });
  table("errors", ["Error", "Of", "What", "Times"],
    found.errors.map((row) => make("tr", {}, name(row.kind), cell(make("bdi", {}, modelLabel(row.name || "")), false), cell(make("bdi", {}, row.detail || ""), false), cell(whole(row.times)))), { texts: 3, nothing: "no error in this range" });
  table("tool-days", ["Day", "Calls", "Failed", "Errors", "Requests", "Median", "p95", "p99"],
    [...found.days].reverse().map((row) => make("tr", {}, name(day(row.day, true)), ...[row.calls, row.failed, row.errors, row.requests].map((one) => cell(whole(one))), ...times(row))));
  if (found.tools_hidden) put("tools-more", `${count(found.tools_hidden, "tool")} more in the CSV`);
  asked("tools-part", found.question, { "CSV of tools": words(state, SPAN, { what: "tools" }) });
}

export function drawCapture(found, state) {
  if (!found.sessions) return;
  const alone = counts(found.transcript_alone);
  const told = found.share_both === null ? "Nothing can be compared yet: transcripts are read a while after their requests."
    : `${share(found.share_both)} of what both could see was seen by both: ${count(found.both, "request")}; telemetry alone ${whole(found.telemetry_alone)}; transcripts alone ${alone || "0"}.`;
  put("capture-more", told);
  const holes = state.holes === "1";
  fill(at("holes"), anchor(link(state, { holes: holes ? "" : "1" }), holes ? "all sessions" : "only sessions with a hole"));
  table("captured", ["Session", "Begun", "Both", "Telemetry alone", "Transcript alone", "Why"],
    found.sessions.map((row) => make("tr", {},
      make("th", { scope: "row" }, row.session === null ? "no session" : anchor(link(state, { view: "session", session: row.session }), row.session)),
      cell(moment(row.first), false), cell(whole(row.both)), cell(whole(row.telemetry_alone)),
      cell(whole(Object.values(row.transcript_alone).reduce((sum, one) => sum + one, 0))), cell(counts(row.transcript_alone), false))), { texts: 2, others: ["Why"], nothing: holes ? "no session has a hole" : "no session yet" });
  pages("capture-part", state, link, found.offset, found.sessions.length, found.count, CAPTURED);
  asked("capture-part", found.question);
}
