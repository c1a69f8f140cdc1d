// The work page: words about drafts, the lease, keys, and the next task, which is here before it is needed.
"use strict";

const main = document.getElementById("main");
const here = (selector) => main.querySelector(selector);

// The lease counts down; every saved draft prolongs it.
const inHours = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "hour", unitDisplay: "long" });
let leaseEnds = 0;
function renewLease() {
  const countdown = here("[data-countdown]");
  if (countdown) leaseEnds = Date.now() + 1000 * Number(countdown.dataset.countdown);
}
function showLease() {
  const countdown = here("[data-countdown]");
  if (!countdown) return;
  const seconds = Math.max(0, Math.round((leaseEnds - Date.now()) / 1000));
  if (seconds >= 7200) countdown.textContent = inHours.format(Math.round(seconds / 3600));
  else countdown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
renewLease();
showLease();
setInterval(showLease, 1000);

// Drafts: say what is going on, and try again until the text is safe.
let retry = 0;
function notSaved(words, seconds) {
  here("[data-autosave]").textContent = words;
  clearTimeout(retry);
  if (seconds) retry = setTimeout(() => htmx.trigger(here("[data-draft]"), "retry"), 1000 * seconds);
}
const isDraft = (event) => event.target.closest?.("[data-work]") && !event.target.matches("form");
main.addEventListener("input", (event) => {
  const autosave = here("[data-autosave]");
  if (autosave && isDraft(event)) autosave.textContent = autosave.dataset.saving;
});
main.addEventListener("htmx:afterRequest", (event) => {
  if (isDraft(event) && event.detail.successful) { clearTimeout(retry); renewLease(); }
});
main.addEventListener("htmx:sendError", (event) => {
  if (isDraft(event)) notSaved(here("[data-autosave]").dataset.offline, 4);
});
main.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (!isDraft(event) || status === 422) return;
  const words = here("[data-autosave]").dataset;
  if (status === 401 || status === 403) notSaved(words.signedOut, 0);
  else notSaved(words.broken, 6);
});

// The next task is fetched while this one is worked on, and shown the moment this one is sent. What was sent stays at
// hand until the server has it: if it is refused or lost, the task comes back as it was.
let ahead = null;

async function fetchAhead() {
  ahead = null;
  const form = here("[data-work]");
  if (!form) return;
  try {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(form.dataset.ahead, { method: "POST", body });
    if (answer.status !== 200 || form !== here("[data-work]")) return;
    const page = document.createElement("template");
    page.innerHTML = await answer.text();
    ahead = [...page.content.childNodes];
  } catch { /* without it the next task simply comes with a page of its own */ }
}

function show(nodes) {
  const before = [...main.childNodes];
  clearTimeout(retry);
  main.replaceChildren(...nodes);
  htmx.process(main);
  renewLease();
  showLease();
  document.title = `${here("h1").textContent} · crowdsft`;
  scrollTo(0, 0);
  const editor = matchMedia("(hover: hover)").matches && here("textarea[data-draft]");
  (editor || here("h1")).focus({ preventScroll: true });
  return before;
}

function tell(html) {
  const place = here("[data-outcome]");
  if (place) place.innerHTML = html;
}

function lost(words) {
  const notice = document.createElement("div");
  notice.className = "notice fail";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  return notice.outerHTML;
}

main.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-work]") || event.submitter?.hasAttribute("formaction") || !ahead || form.dataset.sent) return;
  event.preventDefault();
  const body = new FormData(form);
  const next = ahead;
  const number = next.map((node) => node.querySelector?.("[data-work]") || (node.matches?.("[data-work]") && node)).find(Boolean);
  body.set("ahead", number.dataset.work);
  ahead = null;
  const before = show(next);
  const comeBack = (html) => {
    ahead = show(before);
    tell(html);
  };
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    if (answer.status === 205 || answer.redirected) { location.assign(form.action); return; }
    const html = await answer.text();
    if (answer.status === 422) { comeBack(html); return; }
    if (!answer.ok && answer.status !== 409) { comeBack(lost(form.dataset.lost)); return; }
    tell(html);
    fetchAhead();
  } catch { comeBack(lost(form.dataset.lost)); }
});

// Keys: figures choose, 0 opens the reasons for skipping, Ctrl and Enter send from anywhere.
document.addEventListener("keydown", (event) => {
  const form = here("[data-work]");
  if (!form || document.querySelector("[popover]:popover-open")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.target.form) { form.requestSubmit(); return; }
  const isTyping = event.target.matches("textarea, input:not([type=radio], [type=checkbox]), select");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "0") { document.getElementById("skip")?.showPopover(); return; }
  const choice = here(`[data-key="${CSS.escape(event.key)}"]`);
  if (choice) { event.preventDefault(); choice.click(); choice.focus({ preventScroll: true }); }
});

addEventListener("load", () => setTimeout(fetchAhead, 400));
