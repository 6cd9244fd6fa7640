/* The sentence that shows where they stand: chosen in their words, marked there, and filed. */
(function () {
  "use strict";

  var theirs = document.getElementById("their-words");
  var quote = document.getElementById("quote");
  var tools = document.getElementById("quote-tools");
  if (!theirs || !quote || !tools) { return; }
  var words = theirs.textContent;
  var chosen = "";
  tools.hidden = false;

  function mark(from, length) {
    var mark = document.createElement("mark");
    mark.textContent = words.slice(from, from + length);
    theirs.replaceChildren(words.slice(0, from), mark, words.slice(from + length));
    mark.scrollIntoView({ block: "nearest" });
  }

  function take(text) {
    var from = text ? words.indexOf(text) : -1;
    if (from >= 0) { mark(from, text.length); } else { theirs.replaceChildren(words); }
  }

  document.addEventListener("selectionchange", function () {
    var selection = document.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) { return; }
    if (theirs.contains(selection.getRangeAt(0).commonAncestorContainer)) {
      chosen = selection.toString().trim();
    }
  });
  tools.querySelector("[data-take-selected]").addEventListener("click", function () {
    if (!chosen) { return; }
    quote.value = chosen;
    take(chosen);
  });

  /* Without a mouse: sentence by sentence. */
  var sentences = (words.match(/[^.!?…。\n]+[.!?…。]*/g) || [])
    .map(function (one) { return one.trim(); })
    .filter(function (one) { return one.length > 1; });
  var at = -1;
  function step(by) {
    if (!sentences.length) { return; }
    at = at < 0 && by < 0 ? sentences.length - 1 : (at + by + sentences.length) % sentences.length;
    quote.value = sentences[at];
    take(sentences[at]);
  }
  tools.querySelectorAll("[data-step]").forEach(function (button) {
    button.addEventListener("click", function () { step(Number(button.dataset.step)); });
  });
  var kind = document.getElementById("kind");
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      kind.form.requestSubmit(kind.form.querySelector("button[type=submit]"));
    }
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    /* No choice of a list begins with either, so they work from there too. */
    if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) { return; }
    if (event.key !== "." && event.key !== ",") { return; }
    /* A list would take it for the beginning of a choice. */
    event.preventDefault();
    step(event.key === "." ? 1 : -1);
  });
  /* Where text and form stand side by side one begins with the form, reading; not after an error. */
  if (window.matchMedia("(min-width: 75rem)").matches && !document.querySelector(".error-summary")) {
    kind.focus({ preventScroll: true });
  }
  quote.addEventListener("input", function () { take(quote.value.trim()); });
})();
