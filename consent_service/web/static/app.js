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

// A second tap on a slow connection must not send a form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});

// A page restored by Back may be sent again; the server refuses steps that were already taken.
window.addEventListener("pageshow", () => {
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
