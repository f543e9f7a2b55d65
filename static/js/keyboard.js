// The keyboard: `/` searches, `n` shares, `g` and a letter goes, `j` `k` walk rows, `x` chooses, Enter opens, `?` helps.
// Everything is also reachable with Tab; single letters can be turned off (WCAG 2.1.4) and never act while typing.
(() => {
  "use strict";
  const root = document.documentElement;
  const PREFIX_MS = 1500;
  let goUntil = 0;

  const isTyping = (target) => target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const rows = () =>
    [...new Set(document.querySelectorAll("main .data-table tbody tr, main .hit, main [data-row]"))].filter((row) => row.checkVisibility());
  const current = () => document.querySelector("[data-row-current]");

  function walk(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.min(Math.max(at < 0 ? 0 : at + step, 0), all.length - 1)];
    current()?.removeAttribute("data-row-current");
    next.setAttribute("data-row-current", "");
    const target = next.querySelector("[data-open], a, button");
    if (target) target.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function activate(selector) {
    const target = document.querySelector(selector);
    if (!target) return false;
    if (target.matches("input")) {
      target.focus();
      target.select();
    } else {
      target.click();
    }
    return true;
  }

  const keys = {
    "/": () => activate('[data-key="/"]'),
    n: () => activate('[data-key="n"]'),
    j: () => walk(1),
    k: () => walk(-1),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    g: () => { goUntil = performance.now() + PREFIX_MS; },
    "?": () => document.querySelector("#keyboard-help")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form[data-ctrl-enter]") || document.querySelector("form[data-ctrl-enter]");
      if (form) {
        event.preventDefault();
        form.requestSubmit(form.querySelector("[data-ctrl-enter-button]"));
      }
      return;
    }
    if (root.dataset.keyboard === "off" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (performance.now() < goUntil) {
      goUntil = 0;
      const place = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (place) {
        event.preventDefault();
        location.assign(place.href);
      }
      return;
    }
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
