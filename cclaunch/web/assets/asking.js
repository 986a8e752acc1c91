// Asks the page's process while somebody looks: at once, then every few seconds, and nothing when the page is hidden.

const EVERY_MS = 2000;
const PATIENCE_MS = 20_000; // the process answers within 4 s, if need be with what it had
const SLOW_MS = 6000; // then it is said that there is no answer yet
const MOST_KEPT = 40;

/** The process said that it will not answer, or it is not there. */
class Closed extends Error {}

export class Asking {
  /** *wanted* returns the addresses to ask, each with what is done with the answer; *said* is told what is wrong, or nothing. */
  constructor(wanted, said) {
    this.wanted = wanted;
    this.said = said;
    this.kept = new Map();
    this.drawn = new Map();
    this.round = 0;
    this.timer = 0;
    document.addEventListener("visibilitychange", () => this.look());
    for (const back of ["focus", "pageshow", "online"]) window.addEventListener(back, () => this.look());
  }

  /** Ask anew, and draw all of it again: another thing is shown. */
  anew() {
    this.round += 1;
    this.drawn.clear();
    return this.look(true);
  }

  async look(again = false) {
    clearTimeout(this.timer);
    if (again) this.asking = false;
    if (document.visibilityState !== "visible" || this.asking) return;
    const round = this.round;
    this.asking = true;
    const slow = setTimeout(() => round === this.round && this.said("The page's process is slow to answer; it is waited for"), SLOW_MS);
    try {
      await Promise.all(this.wanted().map(([address, draw]) => this.ask(address, draw, round)));
      if (round === this.round) this.said("");
    } catch (error) {
      if (round !== this.round) return;
      this.kept.clear();
      this.said(told(error));
      if (!(error instanceof TypeError || error instanceof Closed || error.name === "TimeoutError")) console.error(error);
    } finally {
      clearTimeout(slow);
      if (round === this.round) this.asking = false;
    }
    if (round !== this.round) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), EVERY_MS);
  }

  async ask(address, draw, round) {
    const kept = this.kept.get(address);
    if (kept && this.drawn.get(address) === undefined) this.draw(address, draw, kept);
    const answer = await reached(address, kept?.etag);
    if (answer.status === 403) {
      const told = await answer.json().catch(() => ({ trouble: "this page was closed", hint: "type `cclaunch dashboard`" }));
      throw new Closed(`${told.trouble}: ${told.hint}`);
    }
    if (answer.status === 304) return;
    if (answer.status !== 200) throw new Closed(`the page's process answers ${answer.status}: see its log, page.log`);
    const found = { etag: answer.headers.get("ETag") || "", document: await answer.json() };
    this.kept.delete(address);
    this.kept.set(address, found);
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    if (round === this.round) this.draw(address, draw, found);
  }

  draw(address, draw, found) {
    if (this.drawn.get(address) === found.etag) return;
    draw(found.document);
    this.drawn.set(address, found.etag); // only now: what could not be drawn is drawn at the next look
  }
}

function told(error) {
  if (error.name === "TimeoutError") return "The page's process does not answer; it is asked again";
  return error instanceof TypeError ? "The page's process has ended: type `cclaunch dashboard`" : error.message;
}

async function reached(address, etag) {
  return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS), headers: etag ? { "If-None-Match": etag } : {} });
}
