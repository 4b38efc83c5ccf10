// Drawing a signature. Without this file the name is typed.
// Strokes are kept as whole numbers in a frame of 1200 by 400, so that turning the tablet loses nothing.
"use strict";

for (const place of document.querySelectorAll("[data-drawing]")) {
  if (typeof SignaturePad !== "function") break;
  const FRAME = { width: 1200, height: 400 };
  const canvas = place.querySelector("canvas");
  const field = place.querySelector('input[name="drawing"]');
  const pad = new SignaturePad(canvas, { minDistance: 3, throttle: 0 });
  let width = 0;
  place.hidden = false;
  for (const name of place.closest("form").querySelectorAll("input[required]")) name.required = false;

  const within = (number, most) => Math.min(most, Math.max(0, Math.round(number)));

  function strokes() {
    const scale = FRAME.width / width;
    return pad.toData().map((stroke) =>
      stroke.points.flatMap((point) => [
        within(point.x * scale, FRAME.width),
        within(point.y * scale, FRAME.height),
      ]),
    );
  }

  function show(kept) {
    const style = getComputedStyle(canvas);
    const scale = width / FRAME.width;
    const options = { penColor: style.color, minWidth: 1.5, maxWidth: 3, dotSize: 2 };
    Object.assign(pad, options);
    pad.clear();
    pad.fromData(
      kept.map((numbers) => ({
        ...options,
        velocityFilterWeight: pad.velocityFilterWeight,
        compositeOperation: "source-over",
        points: numbers.flatMap((x, at) =>
          at % 2 ? [] : [{ x: x * scale, y: numbers[at + 1] * scale, pressure: 0.5, time: at * 8 }],
        ),
      })),
    );
  }

  function sent() {
    try {
      const kept = JSON.parse(field.value);
      return Array.isArray(kept) && kept.every(Array.isArray) ? kept : [];
    } catch {
      return [];
    }
  }

  function fit() {
    const now = canvas.clientWidth;
    if (!now || now === width) return;
    const kept = width ? strokes() : sent();
    width = now;
    const dots = Math.max(window.devicePixelRatio || 1, 1);
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(((width * FRAME.height) / FRAME.width) * dots);
    canvas.getContext("2d").scale(dots, dots);
    show(kept);
    keep();
  }

  function keep() {
    field.value = JSON.stringify(strokes());
  }

  pad.addEventListener("endStroke", keep);
  place.querySelector("[data-drawing-again]").addEventListener("click", () => {
    pad.clear();
    keep();
  });
  place.closest("form").addEventListener("submit", keep);
  new ResizeObserver(fit).observe(canvas);
  fit();
}
