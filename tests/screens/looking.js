// What axe does not see. Run in the page; gives one line for each fault.
() => {
  const faults = [];
  const shown = (el) => {
    const box = el.getBoundingClientRect();
    return el.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1;
  };
  const called = (el) => `<${el.tagName.toLowerCase()} class="${el.className.baseVal ?? el.className}" name="${el.getAttribute("name") ?? ""}"> ${(el.textContent ?? "").trim().slice(0, 40)}`;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);

  // Nothing runs off the side.
  if (document.documentElement.scrollWidth > window.innerWidth) {
    const wide = all("body *").find((el) => el.getBoundingClientRect().right > window.innerWidth + 1 && !el.closest(".table-wrap, .matrix-wrap, pre"));
    faults.push(`overflow: ${document.documentElement.scrollWidth} of ${window.innerWidth} px, at ${wide ? called(wide) : "?"}`);
  }

  // No text is cut off.
  for (const el of all("h1, h2, h3, p, li, td, th, label, legend, a, button, summary, dt, dd")) {
    const style = getComputedStyle(el);
    if (style.overflowX === "hidden" && el.scrollWidth > el.clientWidth + 1) faults.push(`clipped: ${called(el)}`);
  }

  // What is pressed is large enough: 44 px; a link in running text at least a line of it.
  for (const el of all("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (el.matches(".skip-link, .visually-hidden") || el.closest(".visually-hidden")) continue;
    let box = el.getBoundingClientRect();
    if (el.matches("input[type=radio], input[type=checkbox], input[type=file]")) {
      const label = el.closest("label") ?? document.querySelector(`label[for="${CSS.escape(el.id)}"]`);
      if (!label) { faults.push(`no label: ${called(el)}`); continue; }
      const area = label.getBoundingClientRect();
      box = { width: Math.max(area.width, box.width), height: Math.max(area.height, box.height) };
    }
    const inText = el.tagName === "A" && getComputedStyle(el).display.startsWith("inline") && !el.matches(".button, .back, .quick-exit, nav a");
    const least = inText ? 18 : 43.5;
    if (box.height < least || (!inText && box.width < least)) faults.push(`small: ${Math.round(box.width)} x ${Math.round(box.height)} ${called(el)}`);
  }

  // The buttons of a choice weigh the same.
  for (const group of all(".choices")) {
    const weights = new Set([...group.querySelectorAll(".choice")].map((el) => {
      const style = getComputedStyle(el), box = el.getBoundingClientRect();
      return [Math.round(box.width), Math.round(box.height), style.fontSize, style.fontWeight, style.color, style.backgroundColor, style.borderTopColor, style.borderTopWidth].join(" ");
    }));
    if (weights.size > 1) faults.push(`unequal choices: ${[...weights].join(" | ")}`);
  }

  // What is checked looks checked.
  const look = (el) => ["backgroundColor", "backgroundImage", "boxShadow", "borderTopColor", "borderTopWidth", "color"].map((name) => getComputedStyle(el)[name]).join(" ");
  for (const el of all("input[type=radio], input[type=checkbox]").concat([...document.querySelectorAll(".face input")])) {
    if (getComputedStyle(el).appearance !== "none" && getComputedStyle(el).opacity !== "0") continue;
    const around = [el, el.closest("label") ?? el, el.nextElementSibling ?? el];
    const was = el.checked;
    el.checked = false;
    const without = around.map(look).join();
    el.checked = true;
    const same = around.map(look).join() === without;
    el.checked = was;
    if (same) faults.push(`a choice looks the same when it is made: ${called(el)}`);
  }

  // Focus is seen, on one control of each kind.
  const kinds = new Map();
  for (const el of all("a[href], button, input:not([type=hidden]), select, textarea, summary").concat([...document.querySelectorAll(".face input")])) {
    kinds.set(`${el.tagName} ${el.className} ${el.type ?? ""}`, el);
  }
  const ring = (el) => { const style = getComputedStyle(el); return `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor} ${style.boxShadow}`; };
  const rings = (el) => [el, el.closest("label") ?? el].map(ring);
  const before = document.activeElement;
  for (const el of kinds.values()) {
    if (el.disabled) continue;
    el.blur();
    const without = rings(el);
    el.focus({ focusVisible: true, preventScroll: true });
    const seen = rings(el).some((one, at) => one !== without[at] && !/^none 0px .* none$/.test(one));
    const width = Math.max(...[el, el.closest("label") ?? el].map((one) => (getComputedStyle(one).outlineStyle === "none" ? 0 : parseFloat(getComputedStyle(one).outlineWidth))));
    if (!seen || width < 2) faults.push(`focus is not seen: ${called(el)}`);
    el.blur();
  }
  before?.focus?.();

  // Nothing of a template or a program stands on the page.
  const residue = /\{\{|\{%|<built-in|<bound method|object at 0x|\bUndefined\b|\bNaN\b|\[object |__\w+__/;
  const none = document.documentElement.lang === "en" ? /(^|["'=:(] ?)None($|["'.,:)])/ : /\bNone\b/;
  const texts = [document.body.innerText, ...all("*").flatMap((el) => el.getAttributeNames().map((name) => `${name}="${el.getAttribute(name)}"`))];
  for (const text of texts) {
    const found = text.match(residue) ?? text.match(none);
    if (found) faults.push(`residue: ${found[0]} in ${text.slice(Math.max(0, found.index - 30), found.index + 40)}`);
  }
  return faults;
}
