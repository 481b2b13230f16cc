/* Zooming a drawing: `zoomable(svg, target, {min, max, onZoom})`.
 *
 * `target` is the group inside `svg` that is moved; `onZoom({k, x, y})` is called after each move, for
 * what must keep its size. The plain wheel and one finger scroll the page; Ctrl and the wheel, or two
 * fingers, zoom; dragging with the mouse moves. What is returned is for buttons and keys.
 */

import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

const STEP = 1.5;
const NOTCH = 0.5; // the most that one event of a wheel zooms, as a power of two

export function zoomable(svg, target, { min = 1, max = 12, onZoom } = {}) {
  const { x, y, width, height } = svg.viewBox.baseVal;
  const drawing = select(svg);
  const behaviour = zoom()
    .scaleExtent([min, max])
    .translateExtent([[x, y], [x + width, y + height]])
    .filter(isMeant)
    .wheelDelta(turned)
    .on("zoom", ({ transform }) => {
      target.setAttribute("transform", transform);
      onZoom?.(transform);
    });
  drawing.call(behaviour).on("dblclick.zoom", null);
  svg.style.touchAction = "pan-x pan-y";
  return {
    zoomIn: () => behaviour.scaleBy(drawing, STEP),
    zoomOut: () => behaviour.scaleBy(drawing, 1 / STEP),
    reset: () => behaviour.transform(drawing, zoomIdentity),
  };
}

function isMeant(event) {
  if (event.type === "wheel") return event.ctrlKey || event.metaKey;
  if (event.touches) return event.touches.length > 1;
  return !event.ctrlKey && !event.button;
}

function turned({ deltaY, deltaMode }) {
  const lines = deltaMode === 1 ? 20 : 1;
  return Math.max(-NOTCH, Math.min(NOTCH, (-deltaY * lines) / 200));
}
