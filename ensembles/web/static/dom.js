// Small helpers for the page's elements and canvases.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (name === "colour") element.dataset.colour = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// The colours of the theme, as canvases need them; read anew when the theme changes.
const colours = new Map();
export function colour(name) {
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}
export function forgetColours() { colours.clear(); }

// A canvas of dark glass, empty, as sharp as the display: a context whose unit is one CSS pixel.
export function fitted(canvas) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const { clientWidth: width, clientHeight: height } = canvas;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d", { alpha: false });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colour("glass");
  context.fillRect(0, 0, width, height);
  return { context, width, height, ratio };
}

export function remembered(key, otherwise) {
  try { return localStorage.getItem(`musebots.${key}`) ?? otherwise; } catch { return otherwise; }
}
export function remember(key, value) {
  try { localStorage.setItem(`musebots.${key}`, value); } catch { /* a private window forgets */ }
}
