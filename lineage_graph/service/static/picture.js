// The picture as a file: SVG text that stands alone, and Mermaid. Pure.
import { placeOf } from './state.js';

export const WIDTH = 180, HEIGHT = 44;
const MARGIN = 32;
const INK = {
  light: { ground: '#ffffff', text: '#1f2328', faint: '#59636e', line: '#8c959f', run: '#1a7f37', version: '#0969da', mixed: '#6e5494', bad: '#cf222e', card: '#ffffff' },
  dark: { ground: '#0d1117', text: '#f0f6fc', faint: '#9198a1', line: '#6e7681', run: '#3fb950', version: '#4493f8', mixed: '#ab7df8', bad: '#f85149', card: '#161b22' },
  print: { ground: 'none', text: '#000000', faint: '#333333', line: '#555555', run: '#1a7f37', version: '#0969da', mixed: '#6e5494', bad: '#cf222e', card: '#ffffff' },
};
const FAILED = new Set(['failed', 'crashed', 'killed']);
const SIGNS = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const safe = text => String(text ?? '').replace(/[&<>"']/g, sign => SIGNS[sign]).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
const short = (text, room) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);

/** The box around all cards and the lanes of their edges, or around some cards: {x, y, width, height}; null where there is none. */
export function boxOf(state, ids = null) {
  const places = (state.data.lineage?.cards ?? []).filter(card => !ids || ids.has(card.id)).map(card => placeOf(state, card.id)).filter(Boolean);
  if (!places.length) return null;
  if (!ids) places.push(...Object.values(state.bends).flat());
  const x = Math.min(...places.map(p => p.x)), y = Math.min(...places.map(p => p.y));
  return { x, y, width: Math.max(...places.map(p => p.x)) + WIDTH - x, height: Math.max(...places.map(p => p.y)) + HEIGHT - y };
}

/** What a card says, the same on the stage and in a file: {top, name, tail}; the tail, such as ':v3', is never cut. */
export function face(card, words) {
  if (card.group) {
    const states = words.statesOf(card.states);
    if (card.artifact) return { top: [card.type, words.parts(card.artifact).label].filter(Boolean).join(' · '), name: words.counted(card.count, 'version'), tail: '' };
    return { top: states || (card.samples ?? []).join(', '), name: words.labelOf(card), tail: '' };
  }
  const label = words.labelOf(card), keep = /:v\d+$/.exec(label)?.[0].length ?? 5;
  const cut = label.length > 16 ? label.length - keep : label.length;
  return { top: card.type ?? (card.kind === 'run' ? 'run' : ''), name: label.slice(0, cut), tail: label.slice(cut) };
}

/** SVG text of what is on the stage. theme: 'light', 'dark' or 'print'; draw: {curve, backCurve, thickness}; words: for labels. */
export function svg(state, { theme = 'light', draw, words }) {
  const { lineage } = state.data;
  const ink = INK[theme], box = boxOf(state) ?? { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const [x, y, width, height] = [box.x - MARGIN, box.y - MARGIN, box.width + 2 * MARGIN, box.height + 2 * MARGIN + 24];
  const arrow = (id, high) => `<marker id="${id}" refX="1" refY="${high / 2}" markerWidth="8" markerHeight="${high}" markerUnits="userSpaceOnUse" orient="auto">`
    + `<path d="M0 0 8 ${high / 2} 0 ${high}z" fill="${ink.line}"/></marker>`;
  const edges = lineage.edges.map(edge => {
    const from = placeOf(state, edge.source), to = placeOf(state, edge.target);
    if (!from || !to) return '';
    const way = (edge.back ? draw.backCurve : draw.curve)(from, to, state.bends[`${edge.source} ${edge.target}`]);
    const dash = edge.back || edge.via ? ' stroke-dasharray="6 4"' : '';
    return `<path d="${way}" fill="none" stroke="${ink.line}" stroke-width="${draw.thickness(edge.count).toFixed(1)}"${dash} marker-end="url(#${draw.thickness(edge.count) > 3 ? 'b' : 'a'})"/>`;
  });
  const cards = lineage.cards.map(card => {
    const place = placeOf(state, card.id);
    if (!place) return '';
    const colour = ink[card.kind], home = card.id === lineage.home;
    const icon = FAILED.has(card.state) ? `<circle cx="16" cy="22" r="6" fill="${ink.bad}"/><path d="M13.5 19.5l5 5m0 -5l-5 5" stroke="${ink.card}" stroke-width="2"/>`
      : card.state === 'running' ? `<circle cx="16" cy="22" r="4.5" fill="none" stroke="${colour}" stroke-width="3"/>`
      : card.kind === 'run' ? `<circle cx="16" cy="22" r="6" fill="${colour}"/>` : `<rect x="10" y="16" width="12" height="12" rx="2" fill="${colour}"/>`;
    const behind = card.group ? `<rect x="6" y="-5" width="${WIDTH - 12}" height="${HEIGHT}" rx="6" fill="${ink.card}" stroke="${colour}"/>` : '';
    const { top, name, tail } = face(card, words);
    return `<g transform="translate(${place.x} ${place.y})"><title>${safe(card.name ?? words.labelOf(card))}</title>${behind}`
      + `<rect width="${WIDTH}" height="${HEIGHT}" rx="6" fill="${ink.card}" stroke="${colour}" stroke-width="${home ? 3 : 1.25}"/>${icon}`
      + `<text x="30" y="17" font-size="11" fill="${ink.faint}">${safe(short(top, 24))}</text>`
      + `<text x="30" y="34" font-size="13" fill="${ink.text}">${safe(short(name, 20 - tail.length) + tail)}</text></g>`;
  });
  const said = [lineage.name, words.omitted(lineage), lineage.as_of ? `as of ${words.moment(lineage.as_of)}` : ''].filter(Boolean).join(' · ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${x} ${y} ${width} ${height}" width="${width}" height="${height}"`
    + ` font-family="system-ui, sans-serif"><title>${safe(`Lineage of ${lineage.name}`)}</title>`
    + `<defs>${arrow('a', 8)}${arrow('b', 14)}</defs>`
    + (ink.ground === 'none' ? '' : `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${ink.ground}"/>`)
    + edges.join('') + cards.join('')
    + `<text x="${x + MARGIN}" y="${y + height - 12}" font-size="11" fill="${ink.faint}">${safe(said)}</text></svg>\n`;
}

/** The same as a Mermaid flowchart. */
export function mermaid(state, { words }) {
  const { lineage } = state.data;
  const number = new Map(lineage.cards.map((card, i) => [card.id, `n${i}`]));
  const text = value => `"${String(value).replace(/&/g, '#amp;').replace(/"/g, '#quot;').replace(/</g, '#lt;').replace(/>/g, '#gt;').replace(/[\r\n]+/g, ' ')}"`;
  const shape = card => (card.group ? ['[[', ']]'] : card.kind === 'run' ? ['([', '])'] : ['[(', ')]']);
  const cards = lineage.cards.map(card => { const [open, close] = shape(card); return `  ${number.get(card.id)}${open}${text(words.labelOf(card))}${close}`; });
  const edges = lineage.edges.map(edge => `  ${number.get(edge.source)} ${edge.back || edge.via ? '-.->' : '-->'} ${number.get(edge.target)}`);
  return ['flowchart LR', ...cards, ...edges, ''].join('\n');
}
