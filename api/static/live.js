// Pages stay true: one stream of names for all tabs; each page fetches its own changed part again.
"use strict";
(() => {
  const PAUSE_MS = 1000 + Math.random() * 1000; // not all at once
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => part.dataset.live);
  const fresh = new Map();
  const english = document.documentElement.lang === "en";
  const say = (zh, en) => (english ? en : zh);

  // ---- what is being filled in is never taken away: the part says that it has changed meanwhile
  const keeps = (part) => "hold" in part.dataset && (part.dataset.dirty || part.querySelector("[data-fill]")?.contains(document.activeElement));
  document.addEventListener("input", (event) => {
    const part = event.target.closest("[data-hold]");
    if (part && event.target.closest("[data-fill]")) part.dataset.dirty = "yes";
  });
  function mark(part) {
    if (part.querySelector(".stale")) return;
    const note = document.createElement("p");
    note.className = "stale";
    note.setAttribute("role", "status");
    note.textContent = say("您填写期间有了变化。您写的还在。", "Changed while you were filling this in. What you typed is still here. ");
    const show = document.createElement("a");
    show.href = part.dataset.from || location.href;
    show.textContent = say("重新显示", "Show it anew");
    note.append(show);
    part.prepend(note);
  }

  async function swap(part, url) {
    const asked = (fresh.get(part) || 0) + 1;
    fresh.set(part, asked);
    const answer = await fetch(url, { headers: { "X-Fragment": part.id } }).catch(() => null);
    if (!answer || !answer.ok || fresh.get(part) !== asked) return;
    const html = await answer.text();
    if (keeps(part)) return mark(part);
    const open = [...part.querySelectorAll("details")].map((d) => d.open);
    const focus = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
    if (html === part.dataset.html) return;
    part.innerHTML = part.dataset.html = html;
    part.querySelectorAll("details").forEach((d, i) => { d.open = Boolean(open[i]); });
    if (focus) part.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  // ---- filters: what is chosen shows at once, and the address says it
  document.querySelectorAll("form[data-swap]").forEach((form) => {
    let timer;
    const part = document.getElementById(form.dataset.swap);
    const go = () => {
      const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
      const url = `${form.action}?${chosen}`;
      history.replaceState(null, "", url);
      part.dataset.live = chosen.get("at") ? "" : "*";
      swap(part, url);
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(go, 250); });
  });

  // ---- the stream
  if (!parts.length) return;
  let names = new Set(), timer = 0, last = 0;
  const wanted = (part) => part.dataset.live && (names.has("*") || part.dataset.live.split(" ").some((n) => n === "*" || names.has(n)));
  function flush() {
    timer = 0;
    last = Date.now();
    parts.filter(wanted).forEach((part) => (keeps(part) ? mark(part) : swap(part, part.dataset.from || location.href)));
    names = new Set();
  }
  function hear(changed) {
    changed.forEach((name) => names.add(name));
    if (!timer && changed.length && !document.hidden) timer = setTimeout(flush, Math.max(100, PAUSE_MS - (Date.now() - last)));
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && names.size) hear([...names]); });

  // More than six streams to one host would block every other request of the browser: one tab listens for all.
  const shared = navigator.locks && "BroadcastChannel" in window ? new BroadcastChannel("live") : null;
  let known = Math.max(...parts.map((part) => Number(part.dataset.position || 0)));
  let leads = false;

  // ---- stale data says so: since when nothing has been heard
  const LOST_MS = 4000;
  let since = 0, waiting = 0;
  function tell(lostAt) {
    document.getElementById("lost")?.remove();
    since = lostAt;
    if (!since) return;
    const note = document.createElement("p");
    note.id = note.className = "lost";
    note.setAttribute("role", "status");
    const clock = new Date(since).toTimeString().slice(0, 5);
    note.textContent = say(`${clock} 起未能实时更新`, `Not live since ${clock}`);
    document.body.append(note);
  }
  function heard(lostAt) {
    clearTimeout(waiting);
    waiting = 0;
    if (since !== lostAt) { tell(lostAt); if (shared) shared.postMessage({ since: lostAt }); }
  }

  function listen() {
    const stream = new EventSource(`/live?seen=${known}`);
    stream.onopen = () => heard(0);
    stream.onerror = () => {
      const at = Date.now();
      if (!since && !waiting) waiting = setTimeout(() => heard(at), LOST_MS);
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, LOST_MS);
    };
    stream.addEventListener("changed", (message) => {
      const { position, ids, areas, reset } = JSON.parse(message.data);
      const changed = reset ? ["*"] : [...ids, ...areas];
      known = position;
      hear(changed);
      if (shared) shared.postMessage({ changed });
    });
    return stream;
  }
  if (shared) {
    shared.onmessage = ({ data }) => {
      if (data.changed) hear(data.changed);
      else if ("since" in data) tell(data.since);
      else if (leads && known > data.seen) shared.postMessage({ changed: ["*"] });
    };
    shared.postMessage({ seen: known });
    navigator.locks.request("live", () => { leads = true; listen(); return new Promise(() => {}); });
  } else {
    let stream = listen(); // closed while hidden
    document.addEventListener("visibilitychange", () => {
      stream.close();
      if (!document.hidden) stream = listen();
    });
  }
})();
