/* Comfort only: a file can be dropped on the form, and a bar shows how much of it is sent. */
"use strict";

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  const { drop, sending, reading, failed } = form.dataset;

  const here = document.createElement("p");
  here.className = "drop-here";
  here.textContent = drop;
  input.after(here);
  form.classList.add("drop");
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("is-over");
    });
  }
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("is-over");
  });
  const name = () => { here.textContent = input.files.length ? input.files[0].name : drop; };
  input.addEventListener("change", name);
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    name();
    input.focus();
  });

  const box = document.createElement("div");
  const bar = document.createElement("progress");
  const said = document.createElement("p");
  box.className = "upload";
  box.hidden = true;
  bar.max = 100;
  bar.setAttribute("aria-label", input.labels[0].textContent);
  said.setAttribute("role", "status");
  box.append(bar, said);
  form.append(box);

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !input.files.length) return;
    event.preventDefault();
    const request = new XMLHttpRequest();
    const stop = () => {
      box.hidden = false;
      bar.hidden = true;
      said.textContent = failed;
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    };
    request.upload.addEventListener("progress", (part) => {
      if (!part.lengthComputable) return;
      bar.value = Math.round((100 * part.loaded) / part.total);
      if (bar.value % 25 === 0) said.textContent = sending.replace("{percent}", bar.value);
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value"); // how long the reading takes, nobody knows
      said.textContent = reading;
    });
    request.addEventListener("error", stop);
    request.addEventListener("load", () => {
      // the answer is the next page, whatever it says; it was fetched already, with its messages
      history.pushState(null, "", request.responseURL);
      document.open();
      document.write(request.responseText);
      document.close();
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
    box.hidden = false;
    bar.hidden = false;
    bar.value = 0;
    said.textContent = sending.replace("{percent}", 0);
  });
}
