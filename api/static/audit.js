// The time slider: each step fetches the part that shows that moment, says it aloud, and the address names it.
"use strict";
(() => {
  const form = document.querySelector("form[data-slide]");
  if (!form) return;
  const slider = form.querySelector("input[type=range]");
  const part = document.getElementById(form.dataset.slide);
  const rest = new URLSearchParams([...new FormData(form)].filter(([name]) => name !== slider.name));
  let asked = 0, timer = 0;
  form.querySelector("button").hidden = true;

  async function show() {
    const turn = ++asked;
    const query = new URLSearchParams(rest);
    query.set(slider.name, slider.value);
    part.setAttribute("aria-busy", "true");
    const answer = await fetch(`${form.action}?${query}`, { headers: { "X-Fragment": part.id } }).catch(() => null);
    if (turn !== asked) return;
    part.removeAttribute("aria-busy");
    if (!answer || !answer.ok) return;
    const open = [...part.querySelectorAll("details")].map((d) => d.open);
    const html = await answer.text();
    if (turn !== asked) return;
    part.innerHTML = html;
    part.querySelectorAll("details").forEach((d, i) => { d.open = Boolean(open[i]); });
    const now = part.querySelector("[data-said]");
    slider.setAttribute("aria-valuetext", now.dataset.said);
    const address = new URLSearchParams(rest);
    if (now.dataset.at) address.set("at", now.dataset.at);
    history.replaceState(null, "", `${form.action}?${address}`);
  }
  slider.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 80); });
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
})();
