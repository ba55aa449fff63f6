/* Comfort only: every page works without this file. May run again in the same window (upload.js): no const out here. */
"use strict";

// A form is sent once: a double click must not order twice (the server refuses it too).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// The error summary has autofocus, but an #anchor left in the address, as by its own links, would win over it.
if (location.hash && document.querySelector(".error-summary[data-focus]")) {
  history.replaceState(history.state, "", location.pathname + location.search);
}
document.querySelector(".error-summary[data-focus], [data-focus]")?.focus();

// Menus close with Escape, and when one looks elsewhere.
function closeMenu(menu) {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach(closeMenu);
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// The search box suggests words while one types: a combobox of the ARIA practices. Enter without a choice searches
// for what is written, and without this script the box is a plain one.
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("ul");
  const said = document.createElement("p");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestLabel);
  said.className = "visually-hidden";
  said.setAttribute("aria-live", "polite");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.form.append(list, said);

  let chosen = -1;
  let timer;
  let asking;
  let written = input.value;

  const choose = (number) => {
    chosen = number;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[chosen].id);
    input.value = chosen < 0 ? written : list.children[chosen].textContent;
  };
  const shut = () => {
    clearTimeout(timer);
    asking?.abort();
    chosen = -1;
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const show = (texts) => {
    list.replaceChildren(...texts.map((text, n) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${n}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = text;
      option.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
      option.addEventListener("click", () => {
        choose(n);
        input.form.requestSubmit();
      });
      return option;
    }));
    chosen = -1;
    list.hidden = texts.length === 0;
    input.setAttribute("aria-expanded", String(texts.length > 0));
    const words = input.dataset;
    said.textContent = texts.length ? words.suggestSome.replace("{count}", texts.length) : words.suggestNone;
  };
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const url = `${input.dataset.suggest}?q=${encodeURIComponent(written)}`;
      const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected && document.activeElement === input) show((await answer.json()).suggestions);
    } catch {
      // suggestions are comfort: without them one searches all the same
    }
  };
  input.addEventListener("input", () => {
    written = input.value;
    shut();
    if (written.trim().length >= 2) timer = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") choose(chosen === last ? -1 : chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? last : chosen - 1);
    else if (event.key === "Escape") {
      choose(-1);
      shut();
    } else return;
    event.preventDefault();
  });
  input.addEventListener("blur", shut);
}

// A field for a code of a long list offers those that fit what is written, not only the first of the list.
for (const input of document.querySelectorAll("input[data-codes]")) {
  let timer;
  let asking;
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const url = `${input.dataset.codes}?q=${encodeURIComponent(input.value)}`;
      const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const options = (await answer.json()).codes.map(([code, name]) => Object.assign(new Option(name), { value: code }));
      input.list?.replaceChildren(...options);
    } catch {
      // without them one looks the code up by the link
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
}
