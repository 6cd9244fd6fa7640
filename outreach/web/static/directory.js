/* While a name is typed, says who is there already; the form asks the same when it is sent. */
(function () {
  "use strict";

  document.querySelectorAll("form[data-likely]").forEach(function (form) {
    var list = form.querySelector("[data-likely-list]");
    var name = form.querySelector("[name=name]");
    var asked = "";
    var timer = 0;
    if (!list || !name) { return; }

    function show(people) {
      list.textContent = "";
      if (!people.length) { return; }
      var words = document.createElement("p");
      words.textContent = form.dataset.likelyWords;
      var rows = document.createElement("ul");
      people.forEach(function (one) {
        var row = document.createElement("li");
        var who = document.createElement(one.url ? "a" : "bdi");
        who.textContent = one.name;
        if (one.url) { who.href = one.url; who.target = "_blank"; who.rel = "noopener"; }
        row.appendChild(who);
        row.appendChild(document.createTextNode(", " + one.where));
        rows.appendChild(row);
      });
      list.appendChild(words);
      list.appendChild(rows);
    }

    function ask() {
      var typed = name.value.trim();
      if (typed === asked) { return; }
      asked = typed;
      if (typed.length < 3) { show([]); return; }
      var join = form.dataset.likely.indexOf("?") < 0 ? "?" : "&";
      fetch(form.dataset.likely + join + "name=" + encodeURIComponent(typed), { headers: { Accept: "application/json" } })
        .then(function (answer) { return answer.ok ? answer.json() : { people: [] }; })
        .then(function (found) { if (asked === typed) { show(found.people); } })
        .catch(function () { show([]); });
    }

    name.addEventListener("input", function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(ask, 250);
    });
  });
})();
