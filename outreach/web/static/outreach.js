/* Theme, keys, and nothing that the page could not do without. */
(function () {
  "use strict";

  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function theme() {
    root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  }
  theme();
  dark.addEventListener("change", theme);

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  /* j and k move over the rows of every list on the page, by focusing the row's own link. */
  function rowLinks() {
    return Array.prototype.filter.call(
      document.querySelectorAll("[data-list] tbody tr, li[data-row]"),
      function (row) { return row.querySelector("a[href]"); }
    ).map(function (row) { return row.querySelector("a[href]"); });
  }

  function step(by) {
    var links = rowLinks();
    if (!links.length) { return; }
    var row = document.activeElement.closest("tr, li[data-row]");
    var here = links.findIndex(function (link) { return row && row.contains(link); });
    var next = here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by;
    next = Math.max(0, Math.min(links.length - 1, next));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  }

  var waiting = false;

  function go(key) {
    var link = document.querySelector('.rail a[data-key="' + CSS.escape(key) + '"]');
    if (link) { link.click(); }
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    var keys = document.getElementById("keys");
    if (keys && keys.open && event.key !== "?") { return; }
    if (waiting) {
      waiting = false;
      go(event.key);
      return;
    }
    if (event.key === "j") { step(1); }
    else if (event.key === "k") { step(-1); }
    else if (event.key === "g") {
      waiting = true;
      window.setTimeout(function () { waiting = false; }, 1500);
    }
    else if (event.key === "/") {
      var search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
    else if (event.key !== "?" && /^[a-z0-9.,]$/.test(event.key)) {
      /* A link is followed; a button is only gone to, so that no single key changes anything. */
      var aim = document.querySelector('[data-hotkey="' + event.key + '"]');
      if (aim) { event.preventDefault(); aim.focus(); }
      if (aim && aim.matches("a[href]")) { aim.click(); }
    }
    else if (event.key === "?" && keys) {
      if (keys.open) { keys.close(); } else { keys.showModal(); }
    }
  });

  /* Only one menu or confirmation stands open; Escape closes it and gives the focus back. */
  var menus = "details.more[open], details.confirm[open], details.menu[open]";
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    var open = document.activeElement.closest("details[open]") || document.querySelector(menus);
    if (open && open.matches(menus)) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", function (event) {
    document.querySelectorAll(menus).forEach(function (open) {
      if (!open.contains(event.target)) { open.open = false; }
    });
  });

  /* How far an import is; when it comes to its next stop, the page shows that. */
  function watch(row) {
    window.fetch(row.dataset.progress, { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer); })
      .then(function (moment) {
        if (moment.state !== row.dataset.state) { window.location.reload(); return; }
        var bar = row.querySelector("progress");
        if (!bar) { /* A list shows words alone. */ }
        else if (moment.total) { bar.max = moment.total; bar.value = Math.min(moment.done, moment.total); }
        else { bar.removeAttribute("value"); }
        row.querySelector("[data-progress-step]").textContent = moment.step;
        row.querySelector("[data-progress-words]").textContent = moment.words;
        window.setTimeout(watch, 1000, row);
      })
      .catch(function () { window.setTimeout(watch, 5000, row); });
  }

  document.addEventListener("DOMContentLoaded", function () {
    var summary = document.querySelector(".error-summary");
    if (summary) { summary.focus(); }
    /* A form is sent once, however often its button is pressed. */
    document.querySelectorAll("form[method=post]").forEach(function (form) {
      form.addEventListener("submit", function (event) {
        if (form.dataset.sent) { event.preventDefault(); return; }
        form.dataset.sent = "yes";
      });
    });
    document.querySelectorAll("[data-progress]").forEach(watch);
    document.querySelectorAll("[data-copy]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var from = document.getElementById(button.dataset.copy);
        from.select();
        // Pages on a plain address of the local network have no clipboard of the newer kind.
        var done = navigator.clipboard
          ? navigator.clipboard.writeText(from.value)
          : Promise.resolve(document.execCommand("copy"));
        done.then(function () { button.textContent = button.dataset.copied; });
      });
    });
    document.querySelectorAll("[data-print]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () { window.print(); });
    });
  });
  /* Coming back with the browser's own button, the form may be sent again. */
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });
})();
