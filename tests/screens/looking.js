// What axe does not look at, asked of computed style. Every function returns sentences, none when all is well.
"use strict";

{
  const RESIDUE = /\{\{|\}\}|\{%|%\}|\bNone\b|<built-in|\bUndefined\b|\bundefined\b|object at 0x|\[object /;
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";
  const LEAST = 44;
  const shifts = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) shifts.push(shift);
  }).observe({ type: "layout-shift", buffered: true });

  const seen = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const called = (element) => {
    const words = (element.innerText || element.getAttribute("aria-label") || element.id || "").trim();
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${words.slice(0, 60)}`;
  };
  const styleOf = (element, names) => {
    const style = getComputedStyle(element);
    return names.map((name) => style.getPropertyValue(name)).join("; ");
  };
  const kindOf = (element) =>
    [element.tagName, element.type ?? "", element.className, element.parentElement?.className ?? ""].join(".");
  const oneOfEach = (elements) => [...new Map(elements.map((each) => [kindOf(each), each])).values()];

  const residue = () => {
    const found = [];
    const words = document.body.innerText.match(RESIDUE);
    if (words) found.push(`residue in the text: ${words[0]}`);
    for (const element of document.querySelectorAll("*")) {
      for (const attribute of element.attributes) {
        const rest = attribute.value.match(RESIDUE);
        if (rest) found.push(`residue in ${attribute.name} of ${called(element)}: ${rest[0]}`);
      }
    }
    for (const line of document.querySelectorAll("li, dd, p, legend, label")) {
      if (seen(line) && !line.innerText.trim() && !line.querySelector("input, progress")) {
        found.push(`an empty line: ${called(line.parentElement)}`);
      }
    }
    return found;
  };

  // An element may scroll by itself; the page may not, and no text may be cut off.
  const overflow = () => {
    const root = document.documentElement;
    const found = [];
    if (root.scrollWidth > window.innerWidth) {
      found.push(`scrolls sideways: ${root.scrollWidth} in ${window.innerWidth}, by ${widest()}`);
    }
    for (const element of document.body.querySelectorAll("*")) {
      if (element instanceof SVGElement || !element.innerText?.trim() || !seen(element)) continue;
      const style = getComputedStyle(element);
      if (style.clipPath !== "none" || element.clientWidth <= 1) continue;
      const cuts = (value) => value === "hidden" || value === "clip";
      const wide = cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
      const high = cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
      if (wide || high) found.push(`text is cut off: ${called(element)}`);
    }
    return found;
  };

  const widest = () => {
    const over = [...document.body.querySelectorAll("*")].filter(
      (each) => each.getBoundingClientRect().right > window.innerWidth + 1 || each.getBoundingClientRect().left < -1,
    );
    return over.length ? called(over.at(-1)) : "nothing that has a box";
  };

  // A link inside a sentence is as high as its line (WCAG 2.2, 2.5.8 leaves it out too).
  const inSentence = (element) => {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    const around = element.closest("p, li, dd, td, th, figcaption, .notice-body, label, span");
    return around !== null && around.innerText.trim().length > element.innerText.trim().length;
  };

  const target = (element) => {
    const box = element.getBoundingClientRect();
    const label = element.matches("input[type=radio], input[type=checkbox]") && element.labels?.[0];
    if (!label) return box;
    const whole = label.getBoundingClientRect();
    return { width: Math.max(box.width, whole.width), height: Math.max(box.height, whole.height) };
  };

  const sizes = () =>
    [...document.querySelectorAll(CONTROLS)]
      .filter((each) => seen(each) && !inSentence(each))
      .map((each) => [each, target(each)])
      .filter(([, box]) => box.width < LEAST - 0.5 || box.height < LEAST - 0.5)
      .map(([each, box]) => `smaller than ${LEAST} px (${Math.round(box.width)}x${Math.round(box.height)}): ${called(each)}`);

  const equalChoices = () => {
    const names = [
      "font-size", "font-weight", "font-family", "color", "background-color",
      "border-top", "border-bottom", "border-left", "border-right", "border-radius", "box-shadow", "opacity",
      "outline", "text-transform", "letter-spacing", "text-decoration",
    ];
    const found = [];
    for (const group of document.querySelectorAll(".choices")) {
      const buttons = [...group.querySelectorAll("button, .choice")];
      const looks = new Set(buttons.map((each) => styleOf(each, names)));
      const boxes = buttons.map((each) => each.getBoundingClientRect());
      const spread = (side) => Math.max(...boxes.map((box) => box[side])) - Math.min(...boxes.map((box) => box[side]));
      if (spread("width") > 0.5 || spread("height") > 0.5) {
        found.push(`choices are not of one size: ${boxes.map((box) => `${box.width}x${box.height}`).join(", ")}`);
      }
      if (looks.size > 1) found.push(`choices are not equal: ${[...looks].join(" <> ")}`);
    }
    return found;
  };

  const marks = (element) => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return { outlined, shadow: style.boxShadow, border: style.border };
  };

  // What is made invisible, as the input under a face, shows nothing itself.
  const shows = (element) => Number(getComputedStyle(element).opacity) > 0.2 && element.offsetWidth > 4;

  // The mark may stand on the control or on the label around it.
  const focus = () => {
    const found = [];
    const before = document.activeElement;
    for (const element of oneOfEach([...document.querySelectorAll(CONTROLS)].filter((each) => seen(each) && !each.disabled))) {
      const around = [element, element.closest("label")].filter((each) => each && shows(each));
      element.blur();
      const off = around.map(marks);
      element.focus({ preventScroll: true, focusVisible: true });
      const on = around.map(marks);
      const shown = on.some((mark, at) => mark.outlined || (mark.shadow !== "none" && mark.shadow !== off[at].shadow));
      if (document.activeElement !== element) found.push(`cannot have the focus: ${called(element)}`);
      else if (!shown) found.push(`focus is not seen: ${called(element)}`);
      element.blur();
    }
    before?.focus?.({ preventScroll: true });
    return found;
  };

  const moved = () => {
    const total = shifts.reduce((sum, shift) => sum + shift.value, 0);
    return total > 0.0005 ? [`moves after it was shown: ${total.toFixed(4)}`] : [];
  };

  const boxes = () => [...document.querySelectorAll("input[type=radio], input[type=checkbox]")];

  const choices = () =>
    oneOfEach(boxes().filter((each) => seen(each.labels?.[0] ?? each))).map((each) => [boxes().indexOf(each), kindOf(each)]);

  // Sets a choice and says where to photograph it, with what lies around it.
  const choose = (index, on) => {
    const input = boxes()[index];
    const label = input.labels?.[0] ?? input;
    input.blur();
    input.checked = on;
    label.scrollIntoView({ block: "center", behavior: "instant" });
    const box = label.getBoundingClientRect();
    const own = input.getBoundingClientRect();
    const left = Math.max(0, Math.min(box.left, own.left) - 4);
    const top = Math.max(0, Math.min(box.top, own.top) - 4);
    const right = Math.min(window.innerWidth, Math.max(box.right, own.right) + 4);
    const bottom = Math.min(window.innerHeight, Math.max(box.bottom, own.bottom) + 4);
    return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
  };

  const everything = () => [...moved(), ...residue(), ...overflow(), ...sizes(), ...equalChoices(), ...focus()];
  window.looking = { everything, overflow, choices, choose };
}
