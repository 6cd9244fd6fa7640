/* Words selected in the letter become the passage that a remark is about. */
(function () {
  "use strict";

  var sheet = document.querySelector(".sheet > .sheet-text");
  var words = document.getElementById("passage-words");
  if (!sheet || !words) { return; }

  document.addEventListener("selectionchange", function () {
    var chosen = document.getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed) { return; }
    var range = chosen.getRangeAt(0);
    if (!sheet.contains(range.commonAncestorContainer)) { return; }
    var piece = range.cloneContents();
    /* Numbers of sources and remarks are no words of the letter. */
    piece.querySelectorAll(".quote-mark, .remark").forEach(function (one) { one.remove(); });
    words.value = piece.textContent.trim();
    words.closest("[data-selected]").hidden = false;
  });
})();
