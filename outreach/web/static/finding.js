/* Filters of targets: names are suggested while typing, and the number that fits while choosing. */
(function () {
  "use strict";

  function later(work) {
    var timer = 0;
    return function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(work, 250);
    };
  }

  function fetched(url) {
    return window.fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .catch(function () { return null; });
  }

  function suggest(input) {
    var list = document.getElementById(input.getAttribute("list"));
    var url = input.dataset.suggest.replace("KIND", input.dataset.kind);
    input.addEventListener("input", later(function () {
      if (input.value.trim().length < 2 || /#\d+$/.test(input.value)) { return; }
      var asked = new URLSearchParams({ q: input.value });
      new FormData(input.form).getAll("jurisdictions").filter(Boolean).forEach(function (code) {
        asked.append("jurisdictions", code);
      });
      fetched(url + "?" + asked).then(function (names) {
        list.replaceChildren.apply(list, (names || []).map(function (name) {
          var option = document.createElement("option");
          option.value = name;
          return option;
        }));
      });
    }));
  }

  function count(form) {
    var said = form.querySelector("[data-counted]");
    form.addEventListener("input", later(function () {
      fetched(form.dataset.count + "?" + new URLSearchParams(new FormData(form)))
        .then(function (answer) { if (answer) { said.textContent = answer.words; } });
    }));
  }

  /* What is saved is what is chosen now, also when nobody pressed the button that counts it. */
  function keep(saving) {
    var form = document.querySelector("form[data-count]");
    if (!form) { return; }
    form.addEventListener("input", function () {
      document.querySelectorAll("[data-until-chosen]").forEach(function (old) { old.hidden = true; });
      form.dataset.chosen = "yes";
    });
    saving.addEventListener("submit", function () {
      if (form.dataset.chosen) {
        saving.action = saving.dataset.savesChoice + "?" + new URLSearchParams(new FormData(form));
      }
    });
  }

  document.querySelectorAll("form[data-saves-choice]").forEach(keep);
  document.querySelectorAll("input[data-suggest]").forEach(suggest);
  document.querySelectorAll("form[data-count]").forEach(count);
})();
