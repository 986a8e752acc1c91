// On to the page, as it is now: another program may have had our port, and the browser keep a page of its under our address.

await fetch("/", { cache: "reload" }).catch(() => null);
location.replace("/");
