// Checks in this browser that the log only grew since a head of it was kept, here or in a file.
// Formats: C2SP signed-note and tlog-checkpoint (Ed25519); growth: RFC 9162, section 2.1.4.2.
// The service is asked for its newest head and a proof, and believed in nothing: whatever cannot be
// checked is never shown as good. Every outcome stands in the page, translated; this file unhides one.
"use strict";

class Alarm extends Error {
  constructor(state) {
    super(state);
    this.state = state;
  }
}

// --- bytes ---------------------------------------------------------------------------------------

const HASH_SIZE = 32;
const KEY_ID_SIZE = 4;
const ED25519 = 1;
const text = new TextEncoder();

function fromBase64(encoded) {
  const raw = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  if (toBase64(raw) !== encoded) throw new Error("not the one way to write these bytes");
  return raw;
}

const toBase64 = (raw) => btoa(String.fromCharCode(...raw));
const toHex = (raw) => Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const sha256 = async (raw) => new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

// --- formats -------------------------------------------------------------------------------------

function readSize(line) {
  const size = Number(line);
  if (!/^(0|[1-9][0-9]*)$/.test(line) || !Number.isSafeInteger(size)) throw new Error("not a size");
  return size;
}

function readSignature(line) {
  const found = /^\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
  if (!found) throw new Error("not a signature");
  const blob = fromBase64(found[2]);
  return { name: found[1], id: blob.slice(0, KEY_ID_SIZE), signature: blob.slice(KEY_ID_SIZE) };
}

// The origin, size and root that a note speaks of, and its signatures; nothing is verified yet.
function readNote(note) {
  const end = note.indexOf("\n\n");
  const lines = note.slice(0, end).split("\n");
  if (end < 0 || lines.length < 3 || !lines[0] || !note.endsWith("\n")) throw new Error("not a note");
  const root = fromBase64(lines[2]);
  if (root.length !== HASH_SIZE) throw new Error("not a root");
  const signatures = note.slice(end + 2, -1).split("\n").map(readSignature);
  const body = text.encode(note.slice(0, end + 1));
  return { note, body, origin: lines[0], size: readSize(lines[1]), root, signatures };
}

async function readKey(line) {
  const [name, id, encoded] = [...line.split("+", 2), line.split("+").slice(2).join("+")];
  const blob = fromBase64(encoded);
  if (blob.length !== HASH_SIZE + 1 || blob[0] !== ED25519) throw new Error("not an Ed25519 key");
  const hashed = (await sha256(joined(text.encode(`${name}\n`), blob))).slice(0, KEY_ID_SIZE);
  if (toHex(hashed) !== id) throw new Error("another key than it says");
  const usable = await crypto.subtle.importKey("raw", blob.slice(1), { name: "Ed25519" }, false, ["verify"]);
  return { line, name, id: hashed, public: blob.slice(1), usable };
}

// --- what is checked -----------------------------------------------------------------------------

// Whether this key signed the note as the log it names.
async function isSignedBy(head, key) {
  if (key.name !== head.origin) return false;
  const own = head.signatures.filter((one) => one.name === key.name && same(one.id, key.id));
  if (!own.length) return false;
  for (const one of own) {
    if (!(await crypto.subtle.verify("Ed25519", key.usable, one.signature, head.body))) return false;
  }
  return true;
}

async function signerOf(head, keys) {
  for (const key of keys) if (await isSignedBy(head, key)) return key;
  throw new Alarm("forged");
}

// Whether the tree of `head` begins with the whole tree of `kept` (RFC 9162, section 2.1.4.2).
async function grew(kept, head, path) {
  if (kept.size === head.size) return same(kept.root, head.root) && !path.length;
  if (kept.size === 0) return !path.length;
  if (!path.length || path.some((one) => one.length !== HASH_SIZE)) return false;
  let first = BigInt(kept.size) - 1n;
  let second = BigInt(head.size) - 1n;
  const wholeTree = (BigInt(kept.size) & first) === 0n;
  const [begin, ...rest] = wholeTree ? [kept.root, ...path] : path;
  while (first & 1n) [first, second] = [first >> 1n, second >> 1n];
  let [old, now] = [begin, begin];
  for (const node of rest) {
    if (second === 0n) return false;
    if (first & 1n || first === second) {
      [old, now] = [await nodeHash(node, old), await nodeHash(node, now)];
      while (first !== 0n && !(first & 1n)) [first, second] = [first >> 1n, second >> 1n];
    } else {
      now = await nodeHash(now, node);
    }
    [first, second] = [first >> 1n, second >> 1n];
  }
  return second === 0n && same(old, kept.root) && same(now, head.root);
}

// Whether `leaf` stands at `index` in the tree of `head` (RFC 9162, section 2.1.3.2).
async function isIn(head, leaf, index, path) {
  if (!Number.isSafeInteger(index) || index < 0 || index >= head.size) return false;
  let [at, last] = [BigInt(index), BigInt(head.size) - 1n];
  let hash = await sha256(joined(Uint8Array.of(0), leaf));
  for (const node of path) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      hash = await nodeHash(node, hash);
      while (at !== 0n && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
    } else {
      hash = await nodeHash(hash, node);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && same(hash, head.root);
}

// What a leaf commits to: HMAC-SHA256 of the detail under its salt, base64url without padding.
async function commitment(salt, detail) {
  const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const made = toBase64(new Uint8Array(await crypto.subtle.sign("HMAC", key, detail)));
  return made.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// Whether the holder of `before` announced `after`: an entry of this log, under a head that `before` signed.
async function isHandedOver(told, before, after, now) {
  const [leaf, salt, detail] = [told.leaf, told.salt, told.detail].map(fromBase64);
  const head = readNote(told.note);
  if (!(await isSignedBy(head, before))) return false;
  if (!(await isIn(head, leaf, told.index, told.path.map(fromBase64)))) return false;
  if (!(await isIn(now, leaf, told.index, told.path_now.map(fromBase64)))) return false;
  const read = new TextDecoder("utf-8", { fatal: true });
  if (JSON.parse(read.decode(leaf)).com !== (await commitment(salt, detail))) return false;
  const { event } = JSON.parse(read.decode(detail));
  return event.type === "log.key_rotated.v1" && event.public === toHex(after.public);
}

// From the key that signed what was kept to the one that signs now, each must have announced the next.
async function isSuccessor(trusted, signer, keys, handovers, now) {
  let holder = trusted;
  for (const next of keys.slice(keys.indexOf(trusted) + 1)) {
    if (holder === signer) break;
    let announced = false;
    for (const told of handovers) announced ||= await isHandedOver(told, holder, next, now);
    if (!announced) return false;
    holder = next;
  }
  return holder === signer;
}

// Which outcome holds; whatever cannot be shown to be good is an alarm.
async function compare(answer, head, keys, pin) {
  const signer = await signerOf(head, keys);
  if (!pin) return { state: "none", signer };
  if (pin.head.origin !== head.origin) throw new Alarm("other");
  const known = pin.key ? keys.filter((key) => key.line === pin.key) : keys;
  const trusted = await signerOf(pin.head, known);
  if (head.size < pin.head.size) throw new Alarm("shrunk");
  const path = answer.since === pin.head.size ? answer.path.map(fromBase64) : [];
  if (!(await grew(pin.head, head, path))) throw new Alarm("rewritten");
  if (signer !== trusted) {
    if (!(await isSuccessor(trusted, signer, keys, answer.handovers, head))) throw new Alarm("unannounced");
    return { state: "rotated", signer };
  }
  return { state: head.size === pin.head.size ? "same" : "grown", signer };
}

// --- what is kept --------------------------------------------------------------------------------

const page = document.querySelector("[data-head-page]");
const shelf = `stand:${page.dataset.place}`;

function keptPin() {
  try {
    const kept = JSON.parse(localStorage.getItem(shelf));
    return kept && { head: readNote(kept.note), key: kept.key, at: kept.at };
  } catch {
    throw new Alarm("unreadable");
  }
}

// A browser that keeps nothing still has the file.
function keepPin(head, signer) {
  try {
    const at = new Date().toISOString();
    localStorage.setItem(shelf, JSON.stringify({ note: head.note, key: signer.line, at }));
    return true;
  } catch {
    return false;
  }
}

function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// --- the page ------------------------------------------------------------------------------------

const ALARMS = new Set(["shrunk", "rewritten", "forged", "unannounced", "other", "malformed", "unreadable"]);
const KEEPABLE = new Set(["none", "same", "grown", "rotated"]);
let seen = null;
let fromFile = null;

function fact(name, value) {
  const field = page.querySelector(`[data-fact="${name}"]`);
  field.textContent = value || "-";
}

function show(state) {
  page.dataset.state = state;
  for (const one of page.querySelectorAll("[data-outcome]")) one.hidden = one.dataset.outcome !== state;
  page.querySelector("[data-alarmed]").hidden = !ALARMS.has(state);
  page.querySelector("[data-evidence]").hidden = !ALARMS.has(state) || !seen;
  page.querySelector("[data-keep]").hidden = !KEEPABLE.has(state);
  page.querySelector("[data-again]").hidden = state === "busy" || state === "unsupported";
}

// As it stands on receipts and in files, and as other programs print it.
const spelled = (root) => `${toBase64(root)} (hex ${toHex(root)})`;

function showFacts(pin, head, signer) {
  const number = new Intl.NumberFormat(document.documentElement.lang);
  fact("kept-size", pin && number.format(pin.head.size));
  fact("kept-root", pin && spelled(pin.head.root));
  fact("kept-at", pin?.at && new Date(pin.at).toLocaleString(document.documentElement.lang, { timeZone: "Europe/Amsterdam" }));
  fact("now-size", head && number.format(head.size));
  fact("now-root", head && spelled(head.root));
  fact("key", signer && toHex(signer.public));
  page.querySelector("[data-facts]").hidden = false;
}

async function ask(pin) {
  const address = `${page.dataset.head}?sinds=${pin ? pin.head.size : 0}`;
  const answer = await fetch(address, { headers: { accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error("no answer");
  return answer.json();
}

async function isAble() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(HASH_SIZE), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

async function check() {
  seen = null;
  show("busy");
  if (!(await isAble())) return show("unsupported");
  let pin = null;
  let answer = null;
  try {
    pin = fromFile ?? keptPin();
  } catch (failure) {
    return show(failure instanceof Alarm ? failure.state : "unreadable");
  }
  try {
    answer = await ask(pin);
  } catch {
    showFacts(pin, null, null);
    return show("unreachable");
  }
  return judge(pin, answer);
}

async function judge(pin, answer) {
  let head = null;
  let signer = null;
  let state = "malformed";
  seen = { kept: pin?.head.note ?? "", answer };
  try {
    head = readNote(answer.note);
    const keys = await Promise.all(answer.keys.map(readKey));
    ({ state, signer } = await compare(answer, head, keys, pin));
    seen = { ...seen, head, signer };
  } catch (failure) {
    state = failure instanceof Alarm ? failure.state : "malformed";
  }
  showFacts(pin, head, signer);
  show(state);
}

async function keep(form) {
  const { head, signer } = seen;
  form.elements.size.value = String(head.size);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
    if (!answer.ok) throw new Error("not logged");
  } catch {
    return show("unreachable");
  }
  download(page.dataset.file.replace("{size}", String(head.size)), head.note);
  fromFile = null;
  const stays = keepPin(head, signer);
  showFacts(stays ? keptPin() : null, head, signer);
  return show(stays ? "kept" : "file_only");
}

async function useFile(input) {
  const [file] = input.files;
  if (!file) return undefined;
  try {
    fromFile = { head: readNote(await file.text()), key: "", at: "" };
  } catch {
    fromFile = null;
    input.value = "";
    return show("no_pin_file");
  }
  return check();
}

page.querySelector("[data-keep]").addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  if (seen?.signer) keep(event.target);
});
page.querySelector("[data-again]").addEventListener("click", check);
page.querySelector("[data-file-input]").addEventListener("change", (event) => useFile(event.target));
page.querySelector("[data-evidence]").addEventListener("click", () => {
  download("ruggensteun-bewijs.json", JSON.stringify({ kept: seen.kept, answer: seen.answer }, null, 2));
});
check();
