/* What is nicer with JavaScript. Every page works without it; nothing here decides anything.

   Linked in <head> without defer, so that the first paint already has the chosen appearance.
   Attributes it looks for:
     data-theme-choice="light|dark|auto"  chooses the appearance
     data-shortcuts                       turns keyboard shortcuts on and off
     data-copy="id"                       copies the value or text of that element
     data-autosave="version" on a form    keeps typed text in this tab until the server has a newer version
     data-forget on a form                forgets all kept text when sent (signing out)
     data-preview on a file input         lists the chosen files; data-max-bytes warns
     data-counter on a textarea           says how much room is left up to maxlength
     data-filter="id" on a text input     shows only those [data-words] inside that element that match
     data-rows on a table                 j, k, Enter move between rows
     data-search on an input              / leads to it
     data-focus                           gets the focus when the page opens
     data-no-guard on a form              may be sent twice
     data-once on a text field            is emptied when the page is left, so that going back shows nothing
     data-print on a button               prints the page
     data-live="seconds"                  fetched again so often while it is looked at; needs an id, as have its <details>
     data-live-failed inside of it        shown when that did not work */
"use strict";
(() => {
  const root = document.documentElement;
  const dark = document.getElementById("dark");
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

  /* A browser may forbid storage; then nothing is remembered, and nothing breaks. */
  const remembered = (storage, key) => { try { return window[storage].getItem(key); } catch { return null; } };
  const remember = (storage, key, value) => {
    try { value === null ? window[storage].removeItem(key) : window[storage].setItem(key, value); } catch { /* full or forbidden */ }
  };

  /* ---- appearance: before the first paint. Django's admin uses the same key. ---- */
  function showTheme() {
    const choice = remembered("localStorage", "theme") || "auto";
    root.dataset.bsTheme = choice === "dark" || (choice === "auto" && prefersDark.matches) ? "dark" : "light";
    if (dark) dark.media = { dark: "screen", light: "not all" }[choice] || "screen and (prefers-color-scheme: dark)";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }
  root.classList.add("js");
  showTheme();
  prefersDark.addEventListener("change", showTheme);

  const text = (name, n) => (document.getElementById("texts")?.dataset[name] || "").replace("{n}", n);
  function announce(sentence) {
    const place = document.getElementById("announce");
    if (place) place.textContent = sentence;
  }
  const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

  /* ---- copy ---- */
  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    const label = button.querySelector("span") || button;
    const before = label.textContent;
    let said = text("copied");
    try {
      await navigator.clipboard.writeText("value" in source ? source.value : source.textContent);
    } catch {
      if (source.select) source.select();
      else window.getSelection().selectAllChildren(source);
      said = text("selected");
    }
    label.textContent = said;
    announce(said);
    window.setTimeout(() => { label.textContent = before; }, 2500);
  }

  /* ---- one click, one message to the server; going back finds the button usable again ---- */
  function guard(event) {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "noGuard" in form.dataset) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    announce(text("sending"));
    window.setTimeout(() => release(form), 15000);
  }
  function release(form) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }

  /* ---- typed text: kept in this tab only, under the path and the person ---- */
  const PREFIX = "gapura:";
  const keyOf = () => `${PREFIX}${document.body.dataset.user}:${location.pathname}`;
  function keepable(field) {
    return field.name && !field.disabled && !field.readOnly && field.name !== "csrfmiddlewaretoken"
      && !["password", "hidden", "file", "submit", "button"].includes(field.type)
      && field.autocomplete !== "one-time-code" && !field.closest("[data-no-autosave]");
  }
  const isChoice = (field) => field.type === "checkbox" || field.type === "radio";
  function valuesOf(form) {
    const values = {};
    for (const field of form.elements) {
      if (!keepable(field)) continue;
      const list = (values[field.name] ||= []);
      if (isChoice(field)) { if (field.checked) list.push(field.value); }
      else if (field.multiple) list.push(...[...field.selectedOptions].map((option) => option.value));
      else list.push(field.value);
    }
    return values;
  }
  function restore(form, kept) {
    const serverIsNewer = kept.version !== form.dataset.autosave;
    const asServed = valuesOf(form);
    const positions = {};
    let changed = false;
    for (const field of form.elements) {
      if (!keepable(field) || !(field.name in kept.values)) continue;
      if (serverIsNewer && asServed[field.name].join("") !== "") continue;
      const list = kept.values[field.name];
      if (isChoice(field)) {
        const checked = list.includes(field.value);
        changed ||= checked !== field.checked;
        field.checked = checked;
      } else if (field.multiple) {
        for (const option of field.options) {
          const selected = list.includes(option.value);
          changed ||= selected !== option.selected;
          option.selected = selected;
        }
      } else {
        const position = positions[field.name] = (positions[field.name] ?? -1) + 1;
        const value = list[position] ?? "";
        changed ||= value !== field.value;
        field.value = value;
      }
    }
    return changed;
  }
  function storedKeys() {
    try { return Object.keys(window.sessionStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; }
  }
  function forgetDelivered() {
    /* A form that was sent and led its sender elsewhere has arrived. A page for nobody is the sign-in page: not arrived. */
    if (!document.body.dataset.user) return;
    for (const key of storedKeys()) {
      if (key !== keyOf() && JSON.parse(remembered("sessionStorage", key) || "{}").sent) remember("sessionStorage", key, null);
    }
  }
  function autosave(form) {
    const kept = JSON.parse(remembered("sessionStorage", keyOf()) || "null");
    const hasArrived = kept?.sent && kept.version !== form.dataset.autosave;
    if (hasArrived) remember("sessionStorage", keyOf(), null);
    else if (kept && restore(form, kept)) {
      const note = document.createElement("p");
      note.className = "saved";
      note.setAttribute("role", "status");
      note.textContent = text("restored");
      form.prepend(note);
    }
    let timer = 0;
    const save = (sent) => {
      window.clearTimeout(timer);
      remember("sessionStorage", keyOf(), JSON.stringify({ version: form.dataset.autosave, values: valuesOf(form), sent }));
    };
    form.addEventListener("input", () => { window.clearTimeout(timer); timer = window.setTimeout(save, 400, false); });
    form.addEventListener("change", () => save(false));
    form.addEventListener("submit", () => save(true));
  }

  /* ---- chosen files, before they are sent ---- */
  function preview(input) {
    let list = input.parentElement.querySelector(".files");
    if (!list) {
      list = document.createElement("ul");
      list.className = "files mt-2";
      list.setAttribute("aria-live", "polite");
      input.after(list);
    }
    for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    list.replaceChildren(...[...input.files].map((file) => {
      const row = document.createElement("li");
      if (file.type.startsWith("image/") && file.size) {
        const image = document.createElement("img");
        image.src = URL.createObjectURL(file);
        image.alt = "";
        row.append(image);
      }
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = file.name;
      const size = document.createElement("small");
      const megabytes = file.size / 1048576;
      size.textContent = `${new Intl.NumberFormat(root.lang, { maximumFractionDigits: megabytes < 1 ? 2 : 1 }).format(megabytes)} MB`;
      const most = Number(input.dataset.maxBytes);
      if (file.size === 0 || (most && file.size > most)) {
        size.className = "is-refused";
        size.textContent += ` · ${file.size === 0 ? text("emptyFile") : text("tooBig", Math.floor(most / 1048576))}`;
      }
      name.append(size);
      row.append(name);
      return row;
    }));
    list.hidden = input.files.length === 0;
  }

  /* ---- room left ---- */
  function counter(area) {
    const most = area.maxLength;
    if (most <= 0) return;
    const place = document.createElement("span");
    place.className = "counter";
    area.after(place);
    const show = () => {
      const left = most - area.value.length;
      const isNear = left <= most * 0.1;
      place.textContent = text("left", left);
      place.classList.toggle("is-near", isNear);
      if (isNear && left % 10 === 0) announce(text("left", left));
    };
    area.addEventListener("input", show);
    show();
  }

  /* ---- search among choices ---- */
  function filter(input) {
    const items = [...document.getElementById(input.dataset.filter).querySelectorAll("[data-words]")];
    const wanted = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const item of items) {
      const words = item.dataset.words.toLocaleLowerCase();
      const isChosen = item.querySelector("input:checked") !== null;
      item.hidden = !isChosen && !wanted.every((word) => words.includes(word));
      found += !item.hidden;
    }
    announce(found ? text("found", found) : text("noneFound"));
  }

  /* ---- keyboard ---- */
  const shortcutsAreOn = () => remembered("localStorage", "shortcuts") !== "off";
  function showShortcuts() {
    for (const button of document.querySelectorAll("[data-shortcuts]")) button.setAttribute("aria-pressed", String(shortcutsAreOn()));
  }
  function move(step) {
    const links = [...document.querySelectorAll("[data-rows] tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);
    if (!links.length) return;
    const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const next = here === -1 ? 0 : Math.min(links.length - 1, Math.max(0, here + step));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  }
  function key(event) {
    if (event.key === "Escape") {
      for (const drop of document.querySelectorAll("details.drop[open]")) {
        if (drop.contains(document.activeElement)) drop.querySelector("summary").focus();
        drop.open = false;
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !shortcutsAreOn() || isTyping(event.target)) return;
    const search = document.querySelector("[data-search]");
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "/" && search) { event.preventDefault(); search.focus(); search.select(); }
  }
  function showCurrentRow() {
    for (const row of document.querySelectorAll("[data-rows] tbody tr")) row.classList.toggle("is-current", row.contains(document.activeElement));
  }

  /* ---- figures that stay fresh: what is open stays open, what has the focus keeps it ---- */
  function live(region) {
    let at = Date.now();
    async function refresh() {
      if (document.hidden || Date.now() - at < Number(region.dataset.live) * 1000) return;
      at = Date.now();
      try {
        const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(region.id);
        const open = [...region.querySelectorAll("details[open]")].map((element) => element.id);
        const focused = region.contains(document.activeElement) ? document.activeElement : null;
        const like = focused && [...region.querySelectorAll(focused.localName)];
        const position = like ? like.indexOf(focused) : -1;
        const href = focused?.getAttribute("href");
        region.replaceChildren(...document.importNode(fresh, true).childNodes);
        for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
        if (!focused) return;
        const now = [...region.querySelectorAll(focused.localName)];
        const same = now[position]?.getAttribute("href") === href ? now[position] : now.find((element) => element.getAttribute("href") === href);
        same?.focus({ preventScroll: true });
      } catch {
        const note = region.querySelector("[data-live-failed]");
        if (note) note.hidden = false;
      }
    }
    window.setInterval(refresh, 1000);
    document.addEventListener("visibilitychange", refresh);
  }

  /* ---- what came with the page, or into it ---- */
  function enhance(part) {
    const each = (selector, work) => {
      for (const element of [...(part.matches?.(selector) ? [part] : []), ...part.querySelectorAll(selector)]) work(element);
    };
    each("form[data-autosave]", autosave);
    each("textarea[data-counter]", counter);
    each("[data-focus]", (element) => element.focus());
    each("[data-live]", live);
  }

  document.addEventListener("DOMContentLoaded", () => {
    showTheme();
    showShortcuts();
    forgetDelivered();
    enhance(document);
    document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) enhance(event.target); });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    for (const drop of document.querySelectorAll("details.drop[open]")) {
      if (!drop.contains(event.target)) drop.open = false;
    }
    if (!button) return;
    if (button.dataset.themeChoice) { remember("localStorage", "theme", button.dataset.themeChoice); showTheme(); }
    else if ("shortcuts" in button.dataset) { remember("localStorage", "shortcuts", shortcutsAreOn() ? "off" : null); showShortcuts(); }
    else if (button.dataset.copy) copy(button);
    else if ("print" in button.dataset) window.print();
  });
  document.addEventListener("submit", (event) => {
    guard(event);
    if ("forget" in event.target.dataset && !event.defaultPrevented) for (const key of storedKeys()) remember("sessionStorage", key, null);
  });
  document.addEventListener("change", (event) => { if ("preview" in event.target.dataset) preview(event.target); });
  document.addEventListener("input", (event) => { if (event.target.dataset.filter) filter(event.target); });
  document.addEventListener("keydown", key);
  document.addEventListener("focusin", showCurrentRow);
  document.addEventListener("focusout", showCurrentRow);
  window.addEventListener("pagehide", () => { for (const field of document.querySelectorAll("[data-once]")) field.value = field.defaultValue = ""; });
  window.addEventListener("pageshow", (event) => { if (event.persisted) for (const form of document.forms) release(form); });
})();
