// Asks this browser for a passkey and sends what it signed as a field of the form (WebAuthn Level 3).
// Nothing is sent anywhere else; a browser without passkeys never sees these forms.
"use strict";

const fromBase64Url = (encoded) =>
  Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const toBase64Url = (raw) =>
  btoa(String.fromCharCode(...new Uint8Array(raw)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
const named = (known) => known.map((one) => ({ ...one, id: fromBase64Url(one.id) }));

async function made(options) {
  const publicKey = {
    ...options,
    challenge: fromBase64Url(options.challenge),
    user: { ...options.user, id: fromBase64Url(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const { rawId, response } = await navigator.credentials.create({ publicKey });
  return answered(rawId, { attestationObject: toBase64Url(response.attestationObject) }, response);
}

async function shown(options) {
  const publicKey = {
    ...options,
    challenge: fromBase64Url(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const { rawId, response } = await navigator.credentials.get({ publicKey });
  const proof = {
    authenticatorData: toBase64Url(response.authenticatorData),
    signature: toBase64Url(response.signature),
  };
  if (response.userHandle) proof.userHandle = toBase64Url(response.userHandle);
  return answered(rawId, proof, response);
}

function answered(rawId, proof, response) {
  const id = toBase64Url(rawId);
  const said = { ...proof, clientDataJSON: toBase64Url(response.clientDataJSON) };
  return JSON.stringify({ id, rawId: id, type: "public-key", response: said });
}

async function ask(form) {
  const button = form.querySelector("button");
  const failed = form.querySelector("[data-passkey-failed]");
  failed.hidden = true;
  button.disabled = true;
  try {
    const options = JSON.parse(form.dataset.options);
    form.elements.passkey.value = await (form.dataset.passkey === "create" ? made(options) : shown(options));
  } catch {
    failed.hidden = false;
    button.disabled = false;
    return;
  }
  form.submit();
}

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const part of document.querySelectorAll("[data-passkey-part]")) part.hidden = false;
  for (const missing of document.querySelectorAll("[data-passkey-missing]")) missing.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      ask(form);
    });
  }
}
