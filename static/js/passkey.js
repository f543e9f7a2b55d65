// Passkeys: what the server asks of the device, and what the device answers, as JSON in a hidden field of the form.
// A form has data-passkey="create", "get" (options in #passkey-options) or "login" (options asked for when it is sent).
(() => {
  "use strict";

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  function forCreation({ publicKey }, alone) {
    const choice = { ...publicKey.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
    if (alone) choice.userVerification = "required";
    return {
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: known(publicKey.excludeCredentials),
        authenticatorSelection: choice,
      },
    };
  }

  function forAnswer({ publicKey }) {
    return { publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: known(publicKey.allowCredentials) } };
  }

  function asJson(credential) {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      type: credential.type,
      id: credential.id,
      rawId: text(credential.rawId),
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });
  }

  async function optionsOf(form) {
    if (form.dataset.passkey !== "login") return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }

  async function ceremony(form) {
    const options = await optionsOf(form);
    if (form.dataset.passkey === "create") {
      const alone = form.elements.passwordless ? form.elements.passwordless.checked : false;
      return navigator.credentials.create(forCreation(options.creation_options, alone));
    }
    return navigator.credentials.get(forAnswer(options.request_options));
  }

  function tell(form, which) {
    const trouble = form.querySelector("[data-passkey-trouble]");
    trouble.hidden = false;
    for (const said of trouble.querySelectorAll("span")) said.hidden = !said.hasAttribute(`data-passkey-${which}`);
  }

  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!window.PublicKeyCredential) return tell(form, "missing");
      try {
        form.elements.credential.value = asJson(await ceremony(form));
        form.submit();
      } catch {
        tell(form, "failed");
      }
    });
  }
})();
