// Sorting of tables and the values of charts; the report is complete without it.
"use strict";

// Tables: a click on a column's head, or Enter on it, sorts by it; again, the other way round.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const key = (row, column) => {
    const cell = row.cells[column];
    const isWords = heads[column].classList.contains("text") && !cell.dataset.sort;
    return isWords ? cell.textContent : cell.dataset.sort === undefined ? null : Number(cell.dataset.sort);
  };
  const compare = (a, b) =>
    typeof a === "string" && typeof b === "string" ? a.localeCompare(b, "en", { numeric: true }) : a < b ? -1 : a > b ? 1 : 0;
  // What has no number is last, either way.
  const rank = (value) => (value === null ? 2 : typeof value === "string" ? 1 : 0);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => ({ row, value: key(row, column) }));
      rows.sort(({ value: a }, { value: b }) => rank(a) - rank(b) || (down ? compare(b, a) : compare(a, b)));
      body.append(...rows.map(({ row }) => row));
    });
  });
}

// Charts: each mark has its value; it is shown beside the pointer, and one after another by the arrow keys.
const tip = document.createElement("div");
tip.className = "tip";
tip.setAttribute("role", "status");
tip.hidden = true;
document.body.append(tip);
let shown = null;

function hide() {
  shown?.classList.remove("on");
  shown = null;
  tip.hidden = true;
}

function show(mark, x, y) {
  if (mark !== shown) {
    hide();
    shown = mark;
    mark.classList.add("on");
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
  }
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(x + 14, innerWidth - width - 8);
  const top = y + 18 + height > innerHeight ? y - height - 12 : y + 18;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, top)}px`;
}

function showBeside(mark) {
  const { left, top, width, height } = mark.getBoundingClientRect();
  show(mark, left + width / 2, top + height / 2);
}

for (const chart of document.querySelectorAll(".chart svg")) {
  // The browser would show the titles, too: they become labels.
  const title = chart.querySelector(":scope > title");
  if (title) {
    chart.setAttribute("aria-label", title.textContent);
    title.remove();
  }
  const marks = [...chart.querySelectorAll(".hover")];
  for (const mark of marks) {
    const text = mark.querySelector("title");
    mark.dataset.tip = text ? text.textContent : "";
    text?.remove();
  }
  if (marks.length === 0) continue;
  let at = -1;
  const step = (to) => {
    at = Math.max(0, Math.min(marks.length - 1, to));
    marks[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    showBeside(marks[at]);
  };
  chart.setAttribute("tabindex", "0");
  chart.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: marks.length - 1 };
    if (event.key in steps) {
      step(steps[event.key]);
      event.preventDefault();
    }
  });
  chart.addEventListener("focus", () => chart.matches(":focus-visible") && step(Math.max(0, at)));
  chart.addEventListener("blur", hide);
  for (const kind of ["pointerover", "pointermove", "pointerdown"]) {
    chart.addEventListener(kind, (event) => {
      if (event.target.classList.contains("hover")) show(event.target, event.clientX, event.clientY);
    });
  }
  // A finger that is lifted leaves the value to be read; the next tap elsewhere hides it.
  chart.addEventListener("pointerout", (event) => event.pointerType !== "touch" && hide());
}
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
document.addEventListener("pointerdown", (event) => !event.target.classList?.contains("hover") && hide());
const scrolled = () => (shown?.ownerSVGElement.matches(":focus-visible") ? showBeside(shown) : hide());
document.addEventListener("scroll", scrolled, { passive: true, capture: true });
document.getElementById("hint").hidden = false;

// Paper has no folds: what is closed is open while it is printed.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const part of folded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
});
