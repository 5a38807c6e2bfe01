// A list that is being worked on: its page fetches its own part again until the work is done.
"use strict";
(() => {
  const part = document.getElementById("part");
  const PAUSE_MS = 400;
  async function look() {
    const work = part.querySelector("[data-poll]");
    if (!work) return;
    const answer = await fetch(work.dataset.poll, { headers: { "X-Fragment": "part" } }).catch(() => null);
    if (answer && answer.ok) {
      const focused = part.contains(document.activeElement) && document.activeElement.tagName === "BUTTON";
      part.innerHTML = await answer.text();
      if (focused) part.querySelector("button, a")?.focus();
    }
    setTimeout(look, PAUSE_MS);
  }
  if (part) setTimeout(look, PAUSE_MS);
})();
