// Export, share, theme.

import { button, copy, drop, el, fill, keep, whenChanged } from './dom.js';
import { backCurve, curve, thickness } from './edges.js';
import { mermaid, svg } from './picture.js';

const DRAW = { curve, backCurve, thickness };

// The theme is this browser's, not part of the address; a browser that keeps nothing asks the system.
const THEMES = ['auto', 'light', 'dark'];
function remember(theme) { try { localStorage.setItem('theme', theme); } catch { /* not kept */ } }
function remembered() { try { return localStorage.getItem('theme'); } catch { return null; } }

export function create(root, ctx) {
  const { api, dispatch, words } = ctx;
  queueMicrotask(() => { const kept = remembered(); if (THEMES.includes(kept) && kept !== 'auto') dispatch({ type: 'theme', theme: kept }); });
  const say = text => dispatch({ type: 'message', text });
  const fileName = ending => `${ctx.state.data.lineage.name.replace(/[^\w.-]+/g, '-')}.${ending}`;
  const theme = () => {
    const { theme: chosen } = ctx.state.ui;
    return chosen === 'auto' ? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light') : chosen;
  };
  const drawn = () => svg(ctx.state, { theme: theme(), draw: DRAW, words });
  const save = (ending, type, text) => { keep(fileName(ending), new Blob([text], { type })); say(`${fileName(ending)} saved.`); };

  async function png(scale) {
    const text = drawn(), image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = el('canvas', { width: Math.ceil(image.width * scale), height: Math.ceil(image.height * scale) });
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise(done => canvas.toBlob(done, 'image/png'));
    if (!blob) throw new Error('too large for this browser; export SVG');
    keep(fileName(scale === 1 ? 'png' : `${scale}x.png`), blob);
    say('Picture saved.');
  }

  async function cypherText() {
    const asked = ctx.state.data.lineage.queries;
    const texts = await Promise.all(asked.map(one => api.text(`queries/${one.name}/text`)));
    return asked.map((one, i) => words.cypher({ ...one, text: texts[i] })).join('\n\n');
  }
  async function browser() {
    const { browser: base } = ctx.state.data.me, text = await cypherText();
    const url = new URL('/browser/', base);
    url.searchParams.set('cmd', 'edit');
    url.searchParams.set('arg', text);
    open(url, '_blank', 'noopener');
  }
  const copying = (what, text) => async () => { await copy(await text()); say(`${what} copied.`); };

  const act = (label, doing) => button(label, async () => {
    menu.close();
    try { await doing(); } catch (problem) { dispatch({ type: 'failed', what: 'menu', problem: { title: '', detail: `${label}: ${problem.detail ?? problem.message}`, status: problem.status ?? -1 } }); }
  }, { 'data-key': `menu ${label}` });
  const download = (label, direction, format) => {
    const { lineage } = ctx.state.data;
    return el('a', { href: api.exportUrl(lineage.name, direction, format, ctx.state.view), download: '' }, label);
  };
  const content = el('div', { class: 'menu' }), menu = drop('Menu', 'menu', content);
  fill(root, menu.box);

  const render = whenChanged(s => [s.data.lineage, s.data.me, s.ui.theme, s.view.asOf, s.route.page], (lineage, me, chosen, at, page) => {
    const part = (title, ...inside) => el('section', {}, el('h2', {}, title), inside);
    fill(content,
      page === 'lineage' && lineage && part('Export this picture', act('SVG', () => save('svg', 'image/svg+xml', drawn())), act('PNG', () => png(1)), act('PNG, twice as large', () => png(2)),
        act('JSON', () => save('json', 'application/json', JSON.stringify(lineage, null, 2))), act('Mermaid', () => save('mmd', 'text/plain', mermaid(ctx.state, { words })))),
      page === 'lineage' && lineage && part('Export all of it', download('Upstream as CSV', 'upstream', 'csv'), download('Downstream as CSV', 'downstream', 'csv'),
        download('Upstream as JSON', 'upstream', 'json'), download('Downstream as JSON', 'downstream', 'json')),
      part('Share', act('Copy link', copying('Link', () => location.href)),
        page === 'lineage' && lineage && [act('Copy Cypher', copying('Cypher', cypherText)), me?.browser && act('Open in Neo4j Browser', browser)]),
      el('fieldset', {}, el('legend', {}, 'Theme'), [['auto', 'As the system'], ['light', 'Light'], ['dark', 'Dark']].map(([value, label]) =>
        el('label', {}, el('input', { type: 'radio', name: 'theme', value, checked: chosen === value, 'data-key': `theme ${value}`, onchange: () => { remember(value); dispatch({ type: 'theme', theme: value }); } }), label))),
      part('Help', act('Keys', () => dispatch({ type: 'help', open: true })), el('a', { href: '/api/docs' }, 'The API'),
        me?.token && act('Log out', async () => { await api.leave(); location.reload(); })),
      me && el('p', { class: 'quiet' }, [me.version && `Version ${me.version}`, me.neo4j, me.role && `as ${me.role}`].filter(Boolean).join(' · ')));
  });
  return { render };
}
