// Tables that are wider than the page become lists, each cell with the heading of its column.
const LONGEST = 40; // rows; longer tables are scrolled

function fit(table) {
  table.classList.remove("as-list");
  const space = table.parentElement.clientWidth;
  const short = table.rows.length <= LONGEST;
  table.classList.toggle("as-list", short && table.offsetWidth > space + 1);
}

document.addEventListener("DOMContentLoaded", () => {
  const tables = [...document.querySelectorAll(".bd-article table")];
  for (const table of tables) {
    const headings = [...(table.tHead?.rows[0].cells ?? [])].map((cell) => cell.textContent.trim());
    for (const row of table.tBodies[0].rows)
      [...row.cells].forEach((cell, i) => headings[i] && (cell.dataset.label = headings[i]));
  }
  const fitAll = () => tables.forEach(fit);
  fitAll();
  addEventListener("resize", fitAll);
});
