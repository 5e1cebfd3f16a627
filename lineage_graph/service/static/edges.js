// What leads from card to card: a curve each, through the gaps that the layout kept for it; never heard, the names say it.
import { near, onPath, placeOf } from './state.js';
import { HEIGHT, WIDTH } from './picture.js';

const SVG = 'http://www.w3.org/2000/svg';
const TIP = 8; // the arrow's length, which the line leaves to it

/** The way of an edge from one place to another, through bends that are each as wide as a card. Pure. */
export function curve(from, to, bends = []) {
  const middle = HEIGHT / 2;
  const stops = [{ x: from.x + WIDTH, y: from.y + middle }];
  for (const bend of bends) stops.push({ x: bend.x, y: bend.y + middle }, { x: bend.x + WIDTH, y: bend.y + middle });
  stops.push({ x: to.x - TIP, y: to.y + middle });
  let way = `M${stops[0].x} ${stops[0].y}`;
  for (let i = 1; i < stops.length; i++) {
    const a = stops[i - 1], b = stops[i];
    const pull = Math.max(24, Math.abs(b.x - a.x) / 2);
    way += i % 2 ? `C${a.x + pull} ${a.y} ${b.x - pull} ${b.y} ${b.x} ${b.y}` : `H${b.x}`;
  }
  return way;
}

/** The way of an edge that closes a circle: below both cards, backwards. Pure. */
export function backCurve(from, to) {
  const a = { x: from.x + WIDTH / 2, y: from.y + HEIGHT }, b = { x: to.x + WIDTH / 2 + 12, y: to.y + HEIGHT + TIP };
  const low = Math.max(a.y, b.y) + 36 + Math.abs(a.x - b.x) / 12;
  return `M${a.x} ${a.y}C${a.x} ${low} ${b.x} ${low} ${b.x} ${b.y}`;
}

/** How thick: one edge is 1.5 px, ten thousand are 6. */
export const thickness = count => Math.min(6, 1.5 + Math.log10(Math.max(1, count)) * 1.1);

export function create(root) {
  const made = new Map();
  let shown = null;

  function render(state) {
    const { lineage } = state.data;
    if (shown?.lineage !== lineage || shown?.positions !== state.positions || shown?.pinned !== state.pinned) draw(state, lineage);
    light(state, lineage);
    shown = { lineage, positions: state.positions, pinned: state.pinned };
  }

  function draw(state, lineage) {
    const seen = new Set();
    for (const edge of lineage?.edges ?? []) {
      const from = placeOf(state, edge.source), to = placeOf(state, edge.target);
      if (!from || !to) continue;
      const id = `${edge.source} ${edge.target}`;
      seen.add(id);
      let path = made.get(id);
      if (!path) {
        path = document.createElementNS(SVG, 'path');
        made.set(id, path);
        root.append(path);
      }
      path.setAttribute('class', `edge${edge.back ? ' back' : ''}${edge.via ? ' via' : ''}${thickness(edge.count) > 3 ? ' thick' : ''}`);
      path.setAttribute('d', edge.back ? backCurve(from, to) : curve(from, to, state.bends[id]));
      path.setAttribute('stroke-width', thickness(edge.count).toFixed(1));
    }
    for (const [id, path] of made) if (!seen.has(id)) { path.remove(); made.delete(id); }
  }

  function light(state, lineage) {
    const path = onPath(state);
    const lit = state.hover && lineage ? near(lineage, state.hover) : null;
    for (const edge of lineage?.edges ?? []) {
      const line = made.get(`${edge.source} ${edge.target}`);
      line?.classList.toggle('lit', Boolean(lit) && (edge.source === state.hover || edge.target === state.hover));
      line?.classList.toggle('on-path', Boolean(path?.has(edge.source) && path.has(edge.target)));
    }
  }

  return { render };
}
