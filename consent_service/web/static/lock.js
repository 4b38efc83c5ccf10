// Locks a screen that nobody touches. The server does so by itself at the next request; this blanks what
// is already on the screen, and tells the server while somebody is typing or reading.
"use strict";

const TOLD_EVERY = 20_000;
const LOOKED_EVERY = 1_000;
const lockForm = document.querySelector("form[data-lock-after]");
const lockAfter = Number(lockForm.dataset.lockAfter) * 1000;
let touchedAt = Date.now();
let toldAt = touchedAt;

function blank() {
  document.documentElement.hidden = true;
  document.title = "";
}

let isLocking = false;

function lockNow() {
  blank();
  if (isLocking) return;
  isLocking = true;
  lockForm.submit();
}

function touched() {
  const now = Date.now();
  if (now - touchedAt >= lockAfter) {
    lockNow();
    return;
  }
  touchedAt = now;
  if (now - toldAt < TOLD_EVERY) return;
  toldAt = now;
  new Image().src = `/nog-bezig?${now}`;
}

for (const sign of ["pointerdown", "pointermove", "keydown", "input", "scroll", "wheel"]) {
  window.addEventListener(sign, touched, { capture: true, passive: true });
}

function look() {
  if (Date.now() - touchedAt >= lockAfter) lockNow();
}

setInterval(look, LOOKED_EVERY);
document.addEventListener("visibilitychange", look);

// A page that Back took out of memory may show what was locked meanwhile: ask for it anew.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  blank();
  window.location.reload();
});
