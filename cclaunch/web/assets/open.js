// The way in: the code behind # becomes a cookie, and is gone from the address before anything else happens.

const said = document.getElementById("said");
const code = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

async function enter() {
  const answer = await fetch("/open", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code }),
    cache: "no-store",
  });
  if (answer.ok) {
    await fetch("/", { cache: "reload" }).catch(() => null); // see onward.js
    location.replace("/");
    return;
  }
  const told = await answer.json().catch(() => ({ trouble: "you are not let in", hint: "type `cclaunch dashboard`" }));
  said.textContent = `${told.trouble}: ${told.hint}`;
}

enter().catch(() => {
  said.textContent = "The page has ended: type `cclaunch dashboard`";
});
