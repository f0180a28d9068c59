// Passkeys on our pages: asks the browser's authenticator and sends on what it says. The forms work without, for codes.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function send(path, body) {
  const csrf = document.querySelector("input[name=csrf]").value;
  const answer = await fetch(`/auth/second-factor/passkeys${path}`, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

async function add(form) {
  const { options, token } = await send("/begin", { password: form.password.value });
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
  const made = await navigator.credentials.create({ publicKey: options });
  const credential = {
    id: made.id, rawId: text(made.rawId), type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject),
    },
  };
  const { recovery_codes: codes } = await send("", { token, name: form.name.value || "passkey", credential });
  if (!codes) { location.reload(); return; }
  const list = document.querySelector("#codes");
  list.hidden = false;
  list.querySelector("ul").replaceChildren(...codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  }));
  form.hidden = true;
}

async function use(form) {
  const { options, token } = await send("/challenge", {});
  options.challenge = bytes(options.challenge);
  for (const known of options.allowCredentials ?? []) known.id = bytes(known.id);
  const made = await navigator.credentials.get({ publicKey: options });
  const credential = {
    id: made.id, rawId: text(made.rawId), type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON), authenticatorData: text(made.response.authenticatorData),
      signature: text(made.response.signature),
      userHandle: made.response.userHandle ? text(made.response.userHandle) : null,
    },
  };
  const { next } = await send("/check", { token, credential, next: form.next.value });
  location.assign(next + location.hash);  // the page was reached with the #fragment of the one that was asked for
}

for (const [id, action] of [["add-passkey", add], ["use-passkey", use]]) {
  const form = document.getElementById(id);
  if (!form || !window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    action(form).catch((error) => {
      const said = form.querySelector("[role=alert]");
      said.textContent = error.message;
    });
  });
}
