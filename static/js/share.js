// The page Share beyond HTML. A file dropped on the paste area, or pasted from the clipboard, is put into the field that Tab reaches and a click opens:
// from there on it is a chosen file like any other. Lines whose settings are open stay open when they are read anew.
(() => {
  "use strict";
  const zone = document.querySelector("[data-drop]");
  const field = zone && document.getElementById(zone.dataset.drop);
  if (!field) return;
  let depth = 0;

  const hasFiles = (transfer) => transfer !== null && [...transfer.types].includes("Files");

  function say(text) {
    const note = document.querySelector("#notice-template").content.cloneNode(true).firstElementChild;
    note.querySelector(".notice-text").textContent = text;
    document.querySelector(".notice-stack").append(note);
  }

  function take(files) {
    if (!files.length) return false;
    const one = new DataTransfer();
    one.items.add(files[0]);
    field.files = one.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    if (files.length > 1) say(zone.dataset.dropMany);
    return true;
  }

  function mark(change) {
    depth = Math.max(0, depth + change);
    zone.toggleAttribute("data-dragging", depth > 0);
  }

  zone.addEventListener("dragenter", (event) => {
    if (hasFiles(event.dataTransfer)) mark(1);
  });
  zone.addEventListener("dragleave", (event) => {
    if (hasFiles(event.dataTransfer)) mark(-1);
  });
  zone.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  zone.addEventListener("drop", (event) => {
    mark(-depth);
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  zone.addEventListener("paste", (event) => {
    // A spreadsheet puts its cells on the clipboard as text and as a picture: the text is what is meant.
    if (event.clipboardData.types.includes("text/plain")) return;
    if (take(event.clipboardData.files)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-file-away]")) return;
    field.value = "";
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });

  let opened = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    opened = [...event.detail.target.querySelectorAll("details[open][id]")].map((one) => one.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });

  const offer = () => document.querySelectorAll("[data-file-away]").forEach((button) => { button.hidden = false; });
  document.addEventListener("htmx:afterSwap", offer);
  offer();
})();
