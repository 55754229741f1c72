"use strict";
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const find = (id) => document.getElementById(id);
  const slider = find("slider"), source = find("source"), rows = find("tasks"), now = find("now");
  const lines = [...source.children];
  let place = 0;

  const code = (parent, text) => {
    // Text between backquotes is code; nothing is ever taken for markup.
    text.split("`").forEach((part, number) => {
      if (!part) return;
      const node = number % 2 ? document.createElement("code") : document.createTextNode("");
      node.textContent = part;
      parent.append(node);
    });
    return parent;
  };
  const fill = (id, texts) => {
    const list = find(id);
    list.replaceChildren(...(texts.length ? texts : ["nothing"]).map((text) => code(document.createElement("li"), text)));
  };

  const mark = (step) => {
    for (const line of lines) {
      line.className = "";
      line.children[1].textContent = "";
      line.children[3].textContent = "";
      line.removeAttribute("aria-current");
    }
    for (const number of step.lines) if (lines[number - 1]) {
      lines[number - 1].className = "ran";
      lines[number - 1].children[1].textContent = "•";
    }
    for (const task of step.tasks) if (task.line && lines[task.line - 1] && task.state !== "ran") {
      const line = lines[task.line - 1];
      line.children[3].textContent += (line.children[3].textContent ? ", " : "") + task.name + " " + task.state;
      if (!line.children[1].textContent) line.children[1].textContent = "‖";
    }
    const last = step.lines[step.lines.length - 1];
    if (last && lines[last - 1]) {
      const line = lines[last - 1];
      line.className = "at";
      line.children[1].textContent = "▶";
      line.children[3].textContent = "◀ " + step.who + (line.children[3].textContent ? ", " + line.children[3].textContent : "");
      line.setAttribute("aria-current", "step");
      const top = line.offsetTop - source.clientHeight / 2;
      source.scrollTop = Math.max(0, top);
    }
  };

  const show = (number) => {
    place = Math.min(Math.max(number, 0), run.steps.length - 1);
    const step = run.steps[place];
    slider.value = String(place + 1);
    slider.setAttribute("aria-valuetext", `step ${place + 1} of ${run.steps.length}, ${step.time} seconds, ${step.who}`);
    now.replaceChildren();
    code(now, `Step ${place + 1} of ${run.steps.length} · ${step.time} s · ${step.said}`);
    mark(step);
    rows.replaceChildren(...step.tasks.map((task) => {
      const row = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      name.textContent = task.name;
      const state = document.createElement("td");
      state.textContent = (task.state === "ran" ? "▶ " : task.state === "ready" ? "○ " : task.state === "waits" ? "‖ " : "■ ") + task.state;
      row.append(name, state, code(document.createElement("td"), task.words));
      return row;
    }));
    fill("happened", step.happened);
    fill("held", step.held);
    find("back").disabled = find("first").disabled = place === 0;
    find("on").disabled = find("last").disabled = place === run.steps.length - 1;
  };

  slider.addEventListener("input", () => show(Number(slider.value) - 1));
  find("first").addEventListener("click", () => show(0));
  find("back").addEventListener("click", () => show(place - 1));
  find("on").addEventListener("click", () => show(place + 1));
  find("last").addEventListener("click", () => show(run.steps.length - 1));
  document.addEventListener("keydown", (event) => {
    if (event.target === slider || event.target === source || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: run.steps.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
  find("player").hidden = false;
  find("all").open = false;
  const wanted = /^#step-(\d+)$/.exec(location.hash);
  show(wanted ? Number(wanted[1]) - 1 : Math.max(0, run.steps.findIndex((step) => step.lines.length)));
  slider.focus({ preventScroll: true });
})();
