// Small comforts; every page works without this file.
// No inserted HTML, no inline handlers: the content policy forbids both.
"use strict";

// Snel weg: blank the page at once and replace it in the history, so that Back does not return to it.
document.addEventListener("click", (event) => {
  const exit = event.target instanceof Element && event.target.closest("[data-quick-exit]");
  if (!exit) return;
  event.preventDefault();
  document.documentElement.hidden = true;
  document.title = "";
  window.location.replace(exit.href);
});

// When somebody chose, counted on from the server's time: a wrong clock of the tablet does not matter.
// The server lets it make a yes older, never newer (a form that waited for a connection).
const serverTime = Date.parse(document.documentElement.dataset.serverTime ?? "");
const shownAfter = performance.now();

function addDeviceTime(form) {
  if (!("deviceTime" in form.dataset) || Number.isNaN(serverTime)) return;
  form.querySelector('input[name="device_time"]')?.remove();
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "device_time";
  field.value = new Date(serverTime + performance.now() - shownAfter).toISOString();
  form.append(field);
}

// A second tap on a slow connection must not send a form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // A file that is handed over leaves the page as it is, and may be asked for again.
  if ("download" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  addDeviceTime(form);
  form.setAttribute("aria-busy", "true");
});

// A page restored by Back may be of who was here before: it is asked for again, under the session of now.
// One that was not kept may be sent again; the server refuses steps that were already taken.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    document.documentElement.hidden = true;
    document.title = "";
    window.location.replace(window.location.href);
    return;
  }
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// After a mistake the reader starts at the summary.
document.querySelector("[data-error-summary]")?.focus();

// The print button exists only where printing by script can work.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
