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

// A page that nobody looks at does not ask for news.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-poll]")) event.preventDefault();
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
