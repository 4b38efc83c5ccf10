// Without a connection a form stays as it is, says so, and is sent once the service can be reached again.
// Sent is an ordinary form, once; the server refuses a step that it took already.
"use strict";

const told = document.querySelector("[data-connection]");
const PATIENCE = 4000; // milliseconds until an attempt counts as lost
const PAUSE = 3000; // milliseconds between attempts
let waiting = null; // the form that waits to be sent, with the button that was pressed
let timer = 0;

// An empty sheet of our own, fetched anew: the content policy allows no other request, and none is needed.
function reached() {
  return new Promise((resolve) => {
    const probe = document.createElement("link");
    const done = (there) => { clearTimeout(lost); probe.remove(); resolve(there); };
    const lost = setTimeout(done, PATIENCE, false);
    probe.rel = "stylesheet";
    probe.media = "not all";
    probe.onload = () => done(true);
    probe.onerror = () => done(false);
    probe.href = `${told.dataset.connection}?bereikt=${Date.now()}`;
    document.head.append(probe);
  });
}

function send({ form, button }) {
  if (button?.name) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = button.name;
    field.value = button.value;
    form.append(field);
  }
  form.submit();
}

async function attempt() {
  clearTimeout(timer);
  const tried = waiting;
  if (!tried) return;
  const there = await reached();
  if (tried !== waiting) return; // something else was pressed meanwhile
  if (there) {
    waiting = null;
    told.hidden = true;
    send(tried);
    return;
  }
  told.hidden = false;
  delete tried.form.dataset.sent; // another answer may be given instead
  tried.form.removeAttribute("aria-busy");
  timer = setTimeout(attempt, PAUSE);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.closest("main") || "download" in form.dataset) return;
  event.preventDefault();
  waiting = { form, button: event.submitter };
  attempt();
});

told.querySelector("button").addEventListener("click", attempt);
window.addEventListener("online", attempt);
window.addEventListener("pageshow", () => { waiting = null; told.hidden = true; });
