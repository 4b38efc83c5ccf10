// The screen stays on while somebody reads and chooses; without this file it goes out as it always does.
"use strict";

async function stayAwake() {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // The device saves its battery, or does not know how: the screen goes out, and nothing is lost.
  }
}

document.addEventListener("visibilitychange", stayAwake);
stayAwake();
