// What is printed: the tables. Those that are closed are filled and opened for as long as it takes.

let open = [];

function begin() {
  if (open.length) return;
  open = [...document.querySelectorAll("details.printed:not([open])")];
  for (const one of open) {
    one.fillIn?.();
    one.open = true;
  }
}

function end() {
  for (const one of open) one.open = false;
  open = [];
}

window.addEventListener("beforeprint", begin);
window.addEventListener("afterprint", end);
matchMedia("print").addEventListener("change", (now) => (now.matches ? begin() : end()));
