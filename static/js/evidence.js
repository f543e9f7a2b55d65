// Sends an archive to a case by tus 1.0.0, in pieces whose SHA-256 goes with them. A broken connection is asked how far it came and goes on there, also
// after the page was closed: the address of an unfinished upload is kept in this browser until it ends.
// The list of archives follows their states by itself (htmx); what the reader opened in it stays open.
(() => {
  "use strict";
  let opened = [];
  document.addEventListener("htmx:beforeRequest", (event) => {
    // Somebody is about to shred: the question does not go away under their hand.
    if (event.target.id === "archives" && event.target.querySelector("details.confirm[open]")) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "archives") return;
    opened = [...event.target.querySelectorAll("details[open][id]")].map((one) => one.id);
    // The log-in page, when the session is over: it is no list.
    event.detail.shouldSwap = event.detail.shouldSwap && event.detail.serverResponse.includes('id="archives"');
    if (!event.detail.shouldSwap) location.reload();
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });

  const form = document.getElementById("evidence-send");
  if (!form || !window.FileReader) return;
  const PIECE = 8 * 1024 * 1024;
  const field = document.getElementById("evidence-file");
  const password = document.getElementById("evidence-password");
  const zone = form.querySelector("[data-evidence-drop]");
  const stop = form.querySelector("[data-evidence-stop]");
  const shown = form.querySelector("[data-evidence-progress]");
  const bar = shown.querySelector("progress");
  const figures = form.querySelector("[data-evidence-figures]");
  const said = form.querySelector("[data-evidence-said]");
  const refusals = JSON.parse(document.getElementById("evidence-refusals").textContent);
  const button = form.querySelector("button:not([type])");
  let current = null;
  let stopped = false;

  form.hidden = false;

  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const encoded = (text) => base64(new TextEncoder().encode(text));
  const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });
  const mebibytes = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const size = (bytes) => `${mebibytes.format(bytes / 1048576)}\u00a0${form.dataset.unit}`;

  function ask(method, url, headers, body, onProgress) {
    return new Promise((done, broken) => {
      const request = new XMLHttpRequest();
      current = request;
      request.open(method, url);
      const all = { "Tus-Resumable": "1.0.0", "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value, ...headers };
      for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
      if (onProgress) request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
      request.addEventListener("load", () => done(request));
      request.addEventListener("error", () => broken(new Error("connection")));
      request.addEventListener("abort", () => broken(new Error("stopped")));
      request.send(body ?? null);
    });
  }

  function tell(sent, total) {
    const percent = Math.floor((100 * sent) / total);
    bar.value = percent;
    figures.textContent = `${percent}\u00a0% · ${size(sent)} / ${size(total)}`;
  }

  function why(request) {
    try {
      const problem = JSON.parse(request.responseText);
      return refusals[problem.code] ?? problem.detail;
    } catch {
      return String(request.status);
    }
  }

  const fault = (request) => Object.assign(new Error(why(request)), { final: true, gone: [404, 410].includes(request.status) });

  async function begin(file) {
    const metadata = [`filename ${encoded(file.name)}`, `case ${encoded(form.dataset.case)}`];
    if (password.value) metadata.push(`password ${encoded(password.value)}`);
    const answer = await ask("POST", form.dataset.uploads, { "Upload-Length": String(file.size), "Upload-Metadata": metadata.join(",") });
    if (answer.status !== 201) throw fault(answer);
    return answer.getResponseHeader("Location");
  }

  async function offsetOf(url) {
    const answer = await ask("HEAD", url, {});
    return answer.status === 200 ? Number(answer.getResponseHeader("Upload-Offset")) : null;
  }

  async function sendPiece(url, file, offset) {
    const piece = file.slice(offset, offset + PIECE);
    const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
    if (window.crypto?.subtle) {
      const digest = await crypto.subtle.digest("SHA-256", await piece.arrayBuffer());
      headers["Upload-Checksum"] = `sha256 ${base64(new Uint8Array(digest))}`;
    }
    const answer = await ask("PATCH", url, headers, piece, (sent) => tell(offset + sent, file.size));
    if (answer.status === 204) return Number(answer.getResponseHeader("Upload-Offset"));
    if ([409, 423, 429, 460].includes(answer.status) || answer.status >= 500) throw new Error("again");
    throw fault(answer);
  }

  async function send(file) {
    const name = `evidence:${form.dataset.case}:${file.name}:${file.size}:${file.lastModified}`;
    let url = localStorage.getItem(name);
    let offset = url ? await offsetOf(url) : null;
    if (offset === null) {
      url = await begin(file);
      localStorage.setItem(name, url);
      offset = 0;
    }
    tell(offset, file.size);
    let failures = 0;
    while (offset < file.size) {
      try {
        offset = await sendPiece(url, file, offset);
        failures = 0;
        said.textContent = "";
      } catch (error) {
        if (error.gone) localStorage.removeItem(name); // it expired: the next attempt begins anew
        if (error.final || stopped || failures >= 20) throw error;
        failures += 1;
        said.textContent = form.dataset.again;
        await pause(Math.min(30000, 500 * 2 ** failures));
        if (stopped) throw error;
        offset = (await offsetOf(url).catch(() => null)) ?? offset;
      }
      tell(offset, file.size);
    }
    localStorage.removeItem(name);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = field.files[0];
    if (!file) return;
    if (file.size > Number(form.dataset.most)) {
      said.textContent = `${form.dataset.refused} ${refusals.archive_too_large}`;
      return;
    }
    button.disabled = true;
    stopped = false;
    said.textContent = "";
    stop.hidden = shown.hidden = false;
    try {
      await send(file);
      form.reset();
      said.textContent = form.dataset.done;
      htmx.trigger("#archives", "refresh");
    } catch (error) {
      if (stopped) said.textContent = form.dataset.stopped;
      else said.textContent = error.final ? `${form.dataset.refused} ${error.message}` : form.dataset.broken;
    } finally {
      button.disabled = false;
      stop.hidden = shown.hidden = true;
    }
  });
  stop.addEventListener("click", () => {
    stopped = true;
    current?.abort();
  });

  const hasFiles = (transfer) => transfer !== null && [...transfer.types].includes("Files");
  zone.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    zone.toggleAttribute("data-dragging", true);
  });
  zone.addEventListener("dragleave", () => zone.toggleAttribute("data-dragging", false));
  zone.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    zone.toggleAttribute("data-dragging", false);
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    field.files = one.files;
    said.textContent = event.dataTransfer.files.length > 1 ? form.dataset.many : "";
  });
})();
