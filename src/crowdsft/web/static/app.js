// The little that htmx does not do: local times, theme, forms sent once, submit key.
"use strict";

const root = document.documentElement;

// Theme: the server keeps it in a cookie; here it only changes without a reload.
for (const button of document.querySelectorAll("[data-theme-switch] button")) {
  button.addEventListener("click", () => {
    if (button.value === "system") delete root.dataset.theme;
    else root.dataset.theme = button.value;
    for (const other of button.form.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}

// Whatever has just come into the page: local times, and long strips shown from their end.
function prepare(part) {
  for (const time of part.querySelectorAll("time[data-local]")) {
    const when = new Date(time.dateTime);
    const near = Math.abs(when - Date.now()) < 6 * 86400e3;
    const form = near ? { weekday: "long" } : { day: "numeric", month: "long", year: "numeric" };
    const shown = when.toLocaleString(root.lang === "en" ? "en-GB" : root.lang, { ...form, hour: "2-digit", minute: "2-digit" });
    time.textContent = root.lang === "en" ? shown.replace(",", "") : shown;
  }
  for (const strip of part.querySelectorAll("[data-scroll-end]")) strip.scrollLeft = strip.scrollWidth;
}
prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.target));

// Live news. While the stream of events is heard, nobody asks; while it is silent or cut, htmx asks every two seconds.
// A page that nobody looks at does neither, and looks once when it is looked at again.
const live = document.querySelector("[data-live]");
let stream = null, heard = 0, isOver = false;
function isHeard() {
  return isOver || (stream?.readyState === EventSource.OPEN && Date.now() - heard < 40e3);
}
function watch() {
  if (!live || stream || isOver || document.hidden) return;
  stream = new EventSource(live.dataset.live);
  const on = (kind, act) => stream.addEventListener(kind, (event) => { heard = Date.now(); act?.(event.data); });
  on("status", (html) => htmx.swap(live, html, { swapStyle: "none" }));
  on("results", (version) => {
    if (version !== document.getElementById("results-version")?.value) setTimeout(() => htmx.trigger(live, "news"), 800 * Math.random());
  });
  on("beat");
  on("end", () => { isOver = true; unwatch(); });
  stream.onerror = () => {
    if (stream?.readyState !== EventSource.CLOSED) return;
    unwatch();
    setTimeout(watch, 60e3);
  };
}
function unwatch() {
  stream?.close();
  stream = null;
}
document.addEventListener("visibilitychange", () => { if (document.hidden) unwatch(); else watch(); });
addEventListener("pagehide", unwatch);
addEventListener("pageshow", watch);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches("[data-poll]")) return;
  const isAsked = event.detail.requestConfig.triggeringEvent?.type === "news";
  if (document.hidden || (event.target === live && !isAsked && isHeard())) event.preventDefault();
});

// A form is sent once; its button waits in place.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.matches("[data-theme-switch]")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("form button[aria-busy]")) button.removeAttribute("aria-busy");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
});

// A key does what a button with that key does, where nobody writes and no panel is open.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select, [popover]") || document.querySelector("[popover]:popover-open")) return;
  document.querySelector(`[data-key~="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
});
