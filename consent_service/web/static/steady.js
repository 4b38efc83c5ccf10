// A connection that is lost: the page stays, the choice is kept, and it is sent again until it arrives.
// Without this file forms are sent as always. Sending twice is harmless: the server takes each step once.
"use strict";

const steadyNotice = document.querySelector("[data-steady-notice]");
const WAITS = [2, 4, 8, 15]; // seconds between tries; the last one goes on
const LONGEST = 20; // seconds after which no answer counts as no connection
let pending = null; // what is being sent: one thing at a time, the last one that was asked for

function say(what) {
  for (const part of steadyNotice.children) part.hidden = part.dataset.steadySays !== what;
}

function mark(form, submitter, on) {
  if (submitter) submitter.toggleAttribute("data-steady-chosen", on);
  if (on) return;
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
}

// Asks with a limit; null when nothing answered.
async function ask(address, options) {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, LONGEST * 1000);
  options.stop.addEventListener("abort", stop);
  try {
    const rules = { signal: limit.signal, cache: "no-store", credentials: "same-origin" };
    const answer = await fetch(address, { ...options, ...rules });
    return [502, 503, 504].includes(answer.status) ? null : answer;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function insist(tries, arrived, letGo) {
  pending?.letGo();
  const stop = new AbortController();
  const own = { wake: () => {}, letGo: () => (stop.abort(), own.wake(), letGo()) };
  pending = own;
  let lost = false;
  for (let at = 0; pending === own; at += 1) {
    const answer = await tries(stop.signal);
    if (pending !== own) return;
    if (answer) {
      if (lost) say("back");
      arrived(answer);
      return;
    }
    if (!lost) say("lost");
    lost = true;
    const seconds = WAITS[Math.min(at, WAITS.length - 1)];
    await new Promise((wake) => {
      own.wake = wake;
      setTimeout(wake, seconds * 1000);
    });
  }
}

// What came back is no page we were sent on to: the browser sends the form itself and shows the answer.
function sendPlainly(form, submitter) {
  if (submitter?.name) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: submitter.name, value: submitter.value });
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}

function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form));
  if (submitter?.name) body.append(submitter.name, submitter.value);
  mark(form, submitter, true);
  insist(
    (stop) => ask(form.action, { method: "POST", body, stop }),
    (answer) => {
      answer.body?.cancel();
      if (answer.redirected) window.location.assign(answer.url);
      else sendPlainly(form, submitter);
    },
    () => mark(form, submitter, false),
  );
}

function follow(link) {
  const known = document.querySelector('link[rel="icon"]').href;
  insist(
    (stop) => ask(known, { method: "HEAD", stop }),
    () => window.location.assign(link.href),
    () => {},
  );
}

if (steadyNotice) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !("steady" in form.dataset) || !("submitter" in event)) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("main a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== window.location.origin) return;
    if (link.getAttribute("href").startsWith("#") || link.pathname.endsWith(".pdf")) return;
    event.preventDefault();
    follow(link);
  });
  steadyNotice.querySelector("[data-steady-again]").addEventListener("click", () => pending?.wake());
  window.addEventListener("online", () => pending?.wake());
  window.addEventListener("pageshow", () => {
    pending = null;
    say("");
    for (const chosen of document.querySelectorAll("[data-steady-chosen]")) chosen.removeAttribute("data-steady-chosen");
  });
}
