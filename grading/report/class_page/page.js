"use strict";
const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

function valueOf(row, column, numeric) {
  const text = row.cells[column].textContent.trim();
  return numeric ? parseFloat(text) : text;
}

function sort(table, header) {
  const column = header.cellIndex, numeric = header.classList.contains("number");
  const ascending = header.getAttribute("aria-sort") === "none" ? !numeric : header.getAttribute("aria-sort") === "descending";
  const sign = ascending ? 1 : -1;
  const rows = Array.from(table.tBodies[0].rows, row => [valueOf(row, column, numeric), row]);
  rows.sort(([a], [b]) => {
    const gone = numeric ? [isNaN(a), isNaN(b)] : [a === "", b === ""];
    if (gone[0] || gone[1]) return gone[0] - gone[1]; // what has no value comes last, either way
    return sign * (numeric ? a - b : compare(a, b));
  });
  for (const other of header.parentNode.cells) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) sort(table, button.parentNode);
  });
}

const form = document.querySelector("form.filters"), rows = Array.from(document.querySelectorAll("#table tbody tr"));
function filter() {
  const text = form.text.value.trim().toLowerCase(), state = form.state.value, task = form.task.value;
  let shown = 0;
  for (const row of rows) {
    const states = [row.cells[1].textContent, row.cells[2].textContent];
    const fits = (!text || row.textContent.toLowerCase().includes(text)) && (!state || states.includes(state))
      && (!task || row.dataset.x.split(" ").includes(task));
    row.hidden = !fits;
    shown += fits;
  }
  form.querySelector("output").textContent = `${shown} of ${rows.length} shown`;
}
form.addEventListener("input", filter);
form.addEventListener("submit", event => event.preventDefault());

addEventListener("keydown", event => {
  const slide = document.querySelector(".slide:target");
  const rel = { Escape: "up", ArrowRight: "next", PageDown: "next", ArrowLeft: "prev", PageUp: "prev" }[event.key];
  const link = slide && rel && slide.querySelector(`[rel=${rel}]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
filter();
