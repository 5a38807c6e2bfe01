// Nothing that was typed is lost: it stays in this browser until it has been sent. Rows come and go without a new page.
"use strict";
(() => {
  const KEEP_MS = 14 * 24 * 3600 * 1000;
  const store = (act) => { try { return act(); } catch { return null; } }; // storage may be full or forbidden
  const read = (name) => store(() => JSON.parse(localStorage.getItem(name)));

  // ---- what was sent and done is forgotten: the page that says so has ?done= in its address
  const sent = store(() => sessionStorage.getItem("sent"));
  if (sent && new URLSearchParams(location.search).has("done")) store(() => localStorage.removeItem(sent));
  store(() => sessionStorage.removeItem("sent"));

  document.getElementById("wrong")?.focus();
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const name = form.dataset.who && `kept ${form.dataset.who} ${new URL(form.action).pathname}`;
  const typed = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const note = (kind) => document.querySelector(`[data-kept="${kind}"]`);

  function keep() {
    if (name) store(() => localStorage.setItem(name, JSON.stringify({ at: Date.now(), fields: typed() })));
  }
  function forget() {
    if (name) store(() => localStorage.removeItem(name));
    location.replace(new URL(form.action).pathname);
  }
  function tell(kind, at) {
    const found = note(kind);
    found.querySelector("time").textContent = new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    found.hidden = false;
  }

  // ---- the server shows the form again with these fields, one row more or less; what is typed meanwhile is taken along
  async function shownAgain(fields) {
    const body = new URLSearchParams(fields), before = new Map(typed());
    const answer = await fetch(form.action, { method: "POST", body, headers: { "Accept-Language": document.documentElement.lang } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("form");
    if (!fresh) throw new Error("no form");
    const dropped = fields.some(([field]) => field.startsWith("_drop-"));
    for (const [field, value] of typed()) {
      const there = fresh.elements[field];
      if (there && "value" in there && there.type !== "checkbox" && before.has(field) && before.get(field) !== value && !(dropped && /-\d+-/.test(field))) there.value = value;
    }
    const next = fresh.querySelector("[autofocus]");
    next?.removeAttribute("autofocus");
    form.replaceChildren(...fresh.childNodes);
    next?.focus();
  }
  let turn = Promise.resolve(), waiting = 0;
  function changeRows(name) {
    if (waiting && name.startsWith("_drop-")) return; // the rows that are seen are about to have other numbers
    waiting += 1;
    turn = turn.then(() => shownAgain([...typed(), [name, ""]])).then(keep).catch(() => {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: "1" }));
      HTMLFormElement.prototype.submit.call(form);
    }).finally(() => { waiting -= 1; });
  }

  // ---- what was kept comes back
  const kept = name && read(name);
  if (kept && Date.now() - kept.at > KEEP_MS) store(() => localStorage.removeItem(name));
  else if (kept && form.dataset.keep === "fresh") {
    shownAgain([...kept.fields, ["_show", "1"]]).then(() => tell("restored", kept.at)).catch(() => tell("offered", kept.at));
  } else if (kept && form.dataset.keep === "offered") tell("offered", kept.at);
  else if (!form.dataset.keep) keep(); // what was refused is on the page already

  document.querySelectorAll("[data-discard]").forEach((button) => button.addEventListener("click", forget));
  document.querySelectorAll("[data-restore]").forEach((button) => button.addEventListener("click", () => {
    shownAgain([...kept.fields, ["_show", "1"]]).then(() => { note("offered").hidden = true; tell("restored", kept.at); });
  }));

  let timer;
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 250); });
  addEventListener("pagehide", () => { if (timer) { clearTimeout(timer); timer = 0; keep(); } });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && /^_(add|drop)-/.test(button.name)) {
      event.preventDefault();
      changeRows(button.name);
      return;
    }
    clearTimeout(timer);
    timer = 0;
    keep();
    if (name) store(() => sessionStorage.setItem("sent", name));
  });
})();
