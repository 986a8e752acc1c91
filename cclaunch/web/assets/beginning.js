// Sees to it that the page begins: where one of its files did not come, they are asked for again, and that is said.
// It is no module and needs none: a module of which one part is missing does nothing at all, and says so to nobody.
"use strict";
(() => {
  const FAILED_MS = 1500; // a file was refused, or its connection broke
  const PATIENCE_MS = 15_000; // nothing failed, and yet nothing begins
  const MOST = 6;
  const TRIES = "cclaunch-tries";
  const whole = ["/assets/page.js", ...[...document.querySelectorAll("script[src], link[rel=stylesheet]")].map((one) => one.getAttribute("src") || one.getAttribute("href"))];
  let failed = false;
  let timer = 0;

  const begun = () => !failed && document.getElementById("views")?.childElementCount > 0 && typeof uPlot !== "undefined";
  const say = (words) => { const place = document.getElementById("said"); if (place) place.textContent = words; };

  function kept(change) {
    try {
      if (change !== undefined) sessionStorage.setItem(TRIES, String(change));
      return Number(sessionStorage.getItem(TRIES)) || 0;
    } catch {
      return MOST; // where nothing can be kept, nobody is sent round in circles
    }
  }

  function wait(long) {
    clearTimeout(timer);
    timer = setTimeout(look, long);
  }

  /** Whether every file that the page names is answered just now. */
  async function answered() {
    const asked = whole.map((address) => fetch(address, { cache: "reload", signal: AbortSignal.timeout(PATIENCE_MS) }));
    return (await Promise.all(asked)).every((answer) => answer.ok);
  }

  async function look() {
    if (begun()) return void kept(0);
    const tries = kept();
    if (tries >= MOST) return say("This page does not begin: reload it; if that does not help, type `cclaunch dashboard`");
    say("A part of this page did not come: it is asked for again");
    if (await answered().catch(() => false)) {
      if (begun()) return void kept(0);
      kept(tries + 1);
      return location.reload();
    }
    say("The page's process does not answer: it is asked again; if it has ended, type `cclaunch dashboard`");
    return wait(FAILED_MS * 2);
  }

  addEventListener("error", (event) => {
    if (failed || !event.target.matches?.("script, link[rel=stylesheet]")) return;
    failed = true;
    wait(FAILED_MS * 2 ** kept());
  }, true);
  wait(PATIENCE_MS);
})();
