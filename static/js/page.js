// What every page does beyond HTML: copy, notices, theme, density, focus after a swap. Each works without it or is not needed.
(() => {
  "use strict";
  const root = document.documentElement;
  const NOTICE_MS = 6000;

  function say(text) {
    const stack = document.querySelector(".notice-stack");
    const note = document.querySelector("#notice-template").content.cloneNode(true).firstElementChild;
    note.querySelector(".notice-text").textContent = text;
    stack.append(note);
    setTimeout(() => note.remove(), NOTICE_MS);
  }

  // Plain HTTP on an institution's own network has no clipboard API: there the text goes through a selection.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }

  // The page changes at once; the server keeps the choice in a cookie, so that the next page is drawn with it.
  function keep(form, value) {
    const body = new FormData(form);
    body.set("value", value);
    fetch(form.action, { method: "POST", body: new URLSearchParams(body), redirect: "manual", credentials: "same-origin" });
  }

  function isDark() {
    return root.dataset.bsTheme ? root.dataset.bsTheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-theme-form]")) {
      event.preventDefault();
      root.dataset.bsTheme = isDark() ? "light" : "dark";
      keep(form, root.dataset.bsTheme);
    } else if (form.matches("[data-density-form]") && event.submitter) {
      event.preventDefault();
      root.dataset.density = event.submitter.value;
      form.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === event.submitter)));
      keep(form, event.submitter.value);
    }
  });

  document.addEventListener("click", (event) => {
    const source = event.target.closest("[data-copy], [data-copy-from]");
    if (source) {
      const from = source.dataset.copyFrom && document.getElementById(source.dataset.copyFrom);
      copy(from ? from.textContent : source.dataset.copy).then(() => say(source.dataset.said));
    }
    event.target.closest("[data-dismiss]")?.closest(".notice").remove();
  });

  // "Correct" beside a refused line: that line of the pasted text is selected, ready to be typed over.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    const area = link && document.querySelector("#paste");
    if (!area) return;
    event.preventDefault();
    const lines = area.value.split("\n");
    const before = lines.slice(0, Number(link.dataset.line) - 1).join("\n").length;
    const start = link.dataset.line === "1" ? 0 : before + 1;
    area.focus();
    area.setSelectionRange(start, start + (lines[Number(link.dataset.line) - 1] ?? "").length);
    area.scrollTop = (area.scrollHeight / lines.length) * (Number(link.dataset.line) - 2);
  });

  // After a swap that a person asked for, the reading point follows: to [data-focus] inside what came.
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target.querySelector("[data-focus]");
    if (!target) return;
    if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
    target.focus();
  });

  document.addEventListener("htmx:responseError", () => say(root.dataset.trouble));
  document.addEventListener("htmx:sendError", () => say(root.dataset.trouble));
})();
