/* Comfort only: every page works without this file. */
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

// The error summary has autofocus; a browser that went to an #anchor instead is called back.
document.querySelector("[data-focus]")?.focus();

// Menus close with Escape, and when one looks elsewhere.
const close = (menu) => {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach(close);
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
