"use strict";
// The code of a one-time link stands behind the #, which browsers send to no server: it is put into the form, and off the address.
const field = document.getElementById("f-code");
const code = decodeURIComponent(location.hash.slice(1)).toUpperCase();
if (field && /^[0-9A-HJKMNP-TV-Z]{16}$/.test(code)) {
  field.value = code;
  field.readOnly = true;
  document.getElementById("typed").hidden = true;
  document.getElementById("scanned").hidden = false;
  history.replaceState(null, "", location.pathname + location.search);
}
const print = document.getElementById("print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
