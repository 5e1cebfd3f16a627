// What leads from card to card: a curve each, through the gaps that the layout kept for it; never heard, the names say it.
import { near, onPath, placeOf } from './state.js';
import { HEIGHT, WIDTH } from './picture.js';

const SVG = 'http://www.w3.org/2000/svg';
const TIP = 8; // the arrow's length, which the line leaves to it

/** The way of an edge from one place to another, through bends that are each as wide as a card. Pure. */
export function curve(from, to, bends = []) {
  const middle = HEIGHT / 2;
  return way([
    { x: from.x + WIDTH, y: from.y + middle },
    ...bends.flatMap(({ x, y }) => [{ x, y: y + middle }, { x: x + WIDTH, y: y + middle }]),
    { x: to.x - TIP, y: to.y + middle },
  ], 1);
}

/** The way of an edge that closes a circle: leftwards, by its own lane, a little below what comes the other way. Pure. */
export function backCurve(from, to, bends = []) {
  const low = HEIGHT - 9, middle = HEIGHT / 2;
  if (from.x === to.x && from.y === to.y) return `M${from.x + 60} ${from.y + HEIGHT}c0 30 60 30 60 ${TIP}`;
  return way([
    { x: from.x, y: from.y + low },
    ...[...bends].reverse().flatMap(({ x, y }) => [{ x: x + WIDTH, y: y + middle }, { x, y: y + middle }]),
    { x: to.x + WIDTH + TIP, y: to.y + low },
  ], -1);
}

/** Curves between columns, and level across them; as many pieces for as many stops, so that one way can become another. */
function way(stops, ahead) {
  return stops.slice(1).reduce((said, b, i) => {
    const a = stops[i], pull = ahead * Math.max(24, Math.abs(b.x - a.x) / 2);
    return said + (i % 2 ? `H${b.x}` : `C${a.x + pull} ${a.y} ${b.x - pull} ${b.y} ${b.x} ${b.y}`);
  }, `M${stops[0].x} ${stops[0].y}`);
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
      path.setAttribute('d', edge.back ? backCurve(from, to, state.bends[id]) : curve(from, to, state.bends[id]));
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
