/* Writing a letter's text: names offered while typing, words counted, the preview kept fresh. The
   page does all of it without a script too, at the press of a button. */
(function () {
  "use strict";

  var form = document.querySelector("[data-writing]");
  if (!form) { return; }
  var said = form.querySelector("[data-said]");

  /* -- names offered after {{ and {% if ------------------------------------------------------- */

  var names = Array.prototype.map.call(document.querySelectorAll("[data-name]"), function (row) {
    return {
      name: row.dataset.name,
      asked: row.dataset.asked !== undefined,
      meaning: row.cells[1].textContent.trim(),
      sample: row.cells[2].textContent.trim()
    };
  });
  var MOST = 8;
  var list = document.createElement("ul");
  list.className = "offers";
  list.id = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", document.querySelector("#names h2").textContent);
  /* Its own scroll bar may be used; the focus stays in the text. */
  list.tabIndex = 0;
  list.addEventListener("mousedown", function (event) { event.preventDefault(); });
  list.hidden = true;
  document.body.append(list);
  var open = null;

  /* What is being typed: the text since {{ or since the last word of a condition. */
  function begun(field) {
    var before = field.value.slice(0, field.selectionStart);
    var printed = /\{\{\s*([\w.]*)$/.exec(before);
    var asked = /\{%\s*(?:if|elif)\b[^%}]*?(?:^|[\s(])([\w.]*)$/.exec(before);
    var found = printed || asked;
    return found && { typed: found[1], start: before.length - found[1].length, printed: Boolean(printed) };
  }

  function fitting(what) {
    var typed = what.typed.toLowerCase();
    var usable = names.filter(function (one) { return !(what.printed && one.asked); });
    var begins = usable.filter(function (one) { return one.name.toLowerCase().indexOf(typed) === 0; });
    var holds = usable.filter(function (one) {
      return begins.indexOf(one) < 0 &&
        (one.name + " " + one.meaning).toLowerCase().indexOf(typed) >= 0;
    });
    return begins.concat(typed.length > 1 ? holds : []).slice(0, typed ? MOST : 200);
  }

  function close() {
    if (!open) { return; }
    open.field.removeAttribute("aria-activedescendant");
    open.field.removeAttribute("aria-controls");
    open = null;
    list.hidden = true;
    list.replaceChildren();
  }

  function mark(index) {
    open.at = index;
    Array.prototype.forEach.call(list.children, function (item, number) {
      item.setAttribute("aria-selected", number === index ? "true" : "false");
    });
    open.field.setAttribute("aria-activedescendant", "offer-" + index);
    list.children[index].scrollIntoView({ block: "nearest" });
  }

  function part(words, name) {
    var element = document.createElement(name);
    element.textContent = words;
    return element;
  }

  function offer(field) {
    var what = begun(field);
    var fit = what ? fitting(what) : [];
    if (!fit.length || (fit.length === 1 && fit[0].name === what.typed)) { close(); return; }
    list.replaceChildren.apply(list, fit.map(function (one, index) {
      var item = document.createElement("li");
      item.id = "offer-" + index;
      item.setAttribute("role", "option");
      item.append(part(one.name, "code"), part(one.meaning, "span"), part(one.sample, "small"));
      item.addEventListener("mousedown", function (event) { event.preventDefault(); take(index); });
      return item;
    }));
    open = { field: field, what: what, fit: fit, at: 0 };
    field.setAttribute("aria-controls", "offers");
    list.hidden = false;
    place(field);
    mark(0);
    said.textContent = fit[0].name + ": " + fit[0].meaning;
  }

  /* Where the caret is: the same text in a box of the same shape, measured. */
  function place(field) {
    var box = field.getBoundingClientRect();
    var left = box.left;
    var top = box.bottom;
    if (field.tagName === "TEXTAREA") {
      var mirror = document.createElement("div");
      var style = window.getComputedStyle(field);
      ["font", "lineHeight", "letterSpacing", "padding", "borderWidth", "direction", "boxSizing"]
        .forEach(function (name) { mirror.style[name] = style[name]; });
      mirror.className = "offers-mirror";
      mirror.style.inlineSize = field.clientWidth + "px";
      mirror.textContent = field.value.slice(0, field.selectionStart);
      var caret = document.createElement("span");
      caret.textContent = "\u200b";
      mirror.append(caret);
      document.body.append(mirror);
      left = box.left + caret.offsetLeft;
      top = box.top + caret.offsetTop - field.scrollTop + caret.offsetHeight;
      mirror.remove();
    }
    var widest = document.documentElement.clientWidth - list.offsetWidth - 8;
    list.style.left = Math.max(8, Math.min(left, widest)) + window.scrollX + "px";
    list.style.top = Math.max(box.top, Math.min(top, box.bottom)) + window.scrollY + 4 + "px";
  }

  function take(index) {
    var chosen = open.fit[index].name;
    var field = open.field;
    var what = open.what;
    var end = field.selectionStart;
    var after = field.value.slice(end);
    var rest = /^[\w.]*/.exec(after)[0].length;
    var closing = what.printed && !/^[\w.]*\s*\}\}/.test(after) ? " }}" : "";
    close();
    field.focus();
    field.setRangeText(chosen + closing, what.start, end + rest, "end");
    if (what.printed && !closing) {
      field.selectionStart = field.selectionEnd = field.value.indexOf("}}", field.selectionStart) + 2;
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  function keys(event) {
    if (!open) { return; }
    var last = open.fit.length - 1;
    if (event.key === "ArrowDown") { mark(open.at === last ? 0 : open.at + 1); }
    else if (event.key === "ArrowUp") { mark(open.at === 0 ? last : open.at - 1); }
    else if (event.key === "Enter" || event.key === "Tab") { take(open.at); }
    else if (event.key === "Escape") { close(); }
    else { return; }
    event.preventDefault();
    event.stopPropagation();
  }

  /* -- words counted ---------------------------------------------------------------------------- */

  function count(field) {
    var told = field.closest("[data-editor]").querySelector("[data-counted]");
    var plain = field.value.replace(/\{%[^]*?%\}/g, " ").replace(/\{\{\s*(?:ref|date)\("([^"]*)"\)\s*\}\}/g, "$1")
      .replace(/\{\{[^]*?\}\}/g, "x");
    var words = plain.match(/[\p{L}\p{N}][\p{L}\p{N}’'.,/-]*/gu) || [];
    told.textContent = "(" + told.dataset.words.replace("#", words.length) + ")";
  }

  /* -- the preview ------------------------------------------------------------------------------ */

  var active = form.querySelector("[data-editor]").dataset.editor;
  var timer = 0;
  var asking = null;

  function preview(picker) {
    window.clearTimeout(timer);
    timer = window.setTimeout(function () { fetchPreview(picker); }, 450);
  }

  function fetchPreview(picker) {
    if (asking) { asking.abort(); }
    asking = new AbortController();
    var typed = new FormData(form);
    typed.append("active", active);
    window.fetch(form.dataset.preview, {
      method: "POST", body: typed, credentials: "same-origin", signal: asking.signal
    })
      .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer); })
      .then(function (answer) { show(answer.html, picker); })
      .catch(function () { /* The button shows it, or says what is wrong. */ });
  }

  function show(html, picker) {
    var fresh = new DOMParser().parseFromString(html, "text/html");
    swap("[data-shown]", fresh);
    if (picker) {
      var focused = document.activeElement && document.activeElement.id;
      swap("[data-picker]", fresh);
      if (focused && !document.activeElement.id && document.getElementById(focused)) {
        var again = document.getElementById(focused);
        again.focus();
        if (again.type === "search") { again.setSelectionRange(again.value.length, again.value.length); }
      }
    }
    var title = form.querySelector("[data-editor='" + CSS.escape(active) + "'] h2");
    form.querySelector("[data-language-shown]").textContent = title.firstChild.textContent.trim();
  }

  function swap(place, fresh) {
    var old = form.querySelector(place);
    var now = fresh.querySelector(place);
    if (old && now) { old.replaceWith(document.importNode(now, true)); }
  }

  /* -- a problem's line is shown where it stands ------------------------------------------------ */

  function show_line(link) {
    var field = document.getElementById(link.getAttribute("href").slice(1));
    var lines = field.value.split("\n");
    var number = Math.min(Number(link.dataset.line), lines.length) - 1;
    var start = lines.slice(0, number).join("\n").length + (number ? 1 : 0);
    var at = link.dataset.word ? lines[number].indexOf(link.dataset.word) : -1;
    field.focus();
    if (at >= 0) { field.setSelectionRange(start + at, start + at + link.dataset.word.length); }
    else { field.setSelectionRange(start, start + lines[number].length); }
    if (field.tagName === "TEXTAREA") {
      field.scrollTop = Math.max(0, (number - 3) * field.scrollHeight / lines.length);
    }
    field.scrollIntoView({ block: "nearest" });
    close();
  }

  /* -- put together ----------------------------------------------------------------------------- */

  var unsaved = false;
  form.querySelectorAll("[data-offers]").forEach(function (field) {
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("input", function () { offer(field); });
    field.addEventListener("click", function () { offer(field); });
    field.addEventListener("keydown", keys);
    field.addEventListener("blur", close);
    field.addEventListener("scroll", close);
    field.addEventListener("focus", function () {
      var now = field.closest("[data-editor]").dataset.editor;
      if (now !== active) { active = now; preview(true); }
    });
    if (field.tagName === "TEXTAREA") {
      count(field);
      field.addEventListener("input", function () { count(field); });
    }
  });
  form.addEventListener("input", function (event) {
    if (event.target.dataset.offers !== undefined) { unsaved = true; preview(false); }
    else if (event.target.closest("[data-picker]")) {
      preview(event.target.dataset.narrows !== undefined);
    }
  });
  form.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-line]");
    if (link) { event.preventDefault(); show_line(link); }
  });
  form.addEventListener("submit", function () { unsaved = false; });
  window.addEventListener("beforeunload", function (event) {
    if (unsaved) { event.preventDefault(); }
  });
  window.addEventListener("resize", close);
})();
