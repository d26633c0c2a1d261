/* Says that a draft could not be saved while the network is gone, and tries again; without it htmx stays silent.
   Expects a form with data-saving="id of the line to show", which saves itself on the event "again". */
(function () {
  "use strict";
  var form = document.querySelector("form[data-saving]");
  if (!form) { return; }
  var line = document.getElementById(form.dataset.saving);
  var wait = 0;

  function again() {
    window.clearTimeout(wait);
    wait = 0;
    if (!line.hidden) { form.dispatchEvent(new Event("again")); }
  }

  function lost(event) {
    if (event.target !== form) { return; }
    line.hidden = false;
    if (!wait) { wait = window.setTimeout(again, 8000); }
  }

  form.addEventListener("htmx:sendError", lost);
  form.addEventListener("htmx:timeout", lost);
  form.addEventListener("htmx:afterOnLoad", function (event) {
    if (event.target !== form) { return; }
    line.hidden = true;
    window.clearTimeout(wait);
    wait = 0;
  });
  window.addEventListener("online", again);
})();
