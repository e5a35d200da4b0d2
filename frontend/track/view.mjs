// The page: puts a story's words where they belong, and changes only what is different.

const $ = (id) => document.getElementById(id);

function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Shows what a story says. */
export function tell(told) {
  const main = $("track");
  main.dataset.state = told.state;
  main.toggleAttribute("data-late", Boolean(told.late));
  text($("lead"), told.lead);
  show($("lead"), Boolean(told.lead));
  text($("range"), told.range);
  $("range").className = told.inWords ? "words" : "";
  text($("sentence"), told.sentence);
  $("sentence").className = (told.late ? "late" : told.mood) || "muted";
  show($("seal"), told.state === "delivered");
  const under = told.progress !== undefined;
  show($("progress"), under);
  if (under) {
    const share = Math.round(Math.min(1, told.progress) * 100);
    $("progress").setAttribute("aria-valuenow", share);
    $("progress").setAttribute("aria-label", told.lead);
    $("progress").firstElementChild.style.width = `${share}%`;
  }
  facts(told.facts ?? []);
  steps(told.steps);
  show($("note"), Boolean(told.note));
  text($("note"), told.note ?? "");
  document.title = told.inWords ? told.range : `${told.lead} ${told.range}`;
}

function facts(pairs) {
  const list = $("facts");
  show(list, pairs.length > 0);
  list.replaceChildren(...pairs.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))));
}

function steps(list) {
  const shape = list.map((step) => step.state + step.title).join();
  const rows = $("steps");
  if (rows.dataset.shape !== shape) {
    rows.dataset.shape = shape;
    rows.replaceChildren(...list.map(row));
  }
  list.forEach((step, i) => {
    const [, words, time] = rows.children[i].children;
    text(words.lastElementChild, step.place || "");
    text(time, step.time);
  });
}

function row(step) {
  const item = make("li", step.state);
  if (step.state === "now") item.setAttribute("aria-current", "step");
  const knob = make("span", "knob", make("i"));
  knob.setAttribute("aria-hidden", "true");
  item.append(knob, make("div", "", make("b", "", step.title), make("small")), make("time"));
  return item;
}

/** Shows how old the position is, or that none is known. */
export function tellAge(told) {
  const pill = $("age");
  show(pill, Boolean(told));
  if (!told) return;
  pill.classList.toggle("old", told.old);
  const [words, value] = told.parts;
  // One line for whoever hears it; its number alone changes.
  if (!pill.firstElementChild) pill.append(make("span", "", "", make("b")));
  const [before, count] = pill.firstElementChild.childNodes;
  if (before.data !== words) before.data = words;
  text(count, value);
}

/** A line on top where the picture is not the newest. */
export function tellBanner(words) {
  show($("banner"), Boolean(words));
  text($("banner"), words ?? "");
}
