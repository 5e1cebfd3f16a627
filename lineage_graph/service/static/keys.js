// The keyboard: from card to card by arrows, and a letter for what can be done to the one in focus.
import { placeOf } from './state.js';

/** The card that an arrow leads to: a neighbour along the edges first, else the nearest that way. Pure. */
export function towards(key, from, state) {
  const { lineage } = state.data;
  const at = placeOf(state, from);
  if (!lineage || !at) return null;
  const places = lineage.cards.map(card => ({ id: card.id, ...placeOf(state, card.id) })).filter(one => one.x !== undefined && one.id !== from);
  const nearest = (some, by) => some.reduce((best, one) => (best === null || by(one) < by(best) ? one : best), null)?.id ?? null;
  const across = one => Math.abs(one.x - at.x) + 3 * Math.abs(one.y - at.y);
  const along = one => 3 * Math.abs(one.x - at.x) + Math.abs(one.y - at.y);
  if (key === 'ArrowUp') return nearest(places.filter(one => one.y < at.y && Math.abs(one.x - at.x) < 90), along);
  if (key === 'ArrowDown') return nearest(places.filter(one => one.y > at.y && Math.abs(one.x - at.x) < 90), along);
  const left = key === 'ArrowLeft';
  const next = new Set(lineage.edges.filter(e => !e.back && (left ? e.target : e.source) === from).map(e => (left ? e.source : e.target)));
  const that = places.filter(one => (left ? one.x < at.x : one.x > at.x));
  return nearest(that.filter(one => next.has(one.id)), across) ?? nearest(that, across);
}

/** stage: where cards are; what: {cards, look, dispatch, state, focusSearch, enterPanel}. */
export function keys(stage, what) {
  const { cards, look, dispatch } = what;
  const card = () => what.state.data.lineage?.cards.find(one => one.id === cards.current);
  const named = event => { const name = card()?.name; if (name) dispatch({ ...event, name }); };
  const go = id => { if (id) { cards.step(id); look.reveal(id); } };

  const ON_CARD = {
    ' ': () => cards.open(card()), Enter: () => { cards.open(card()); what.enterPanel(); },
    e: () => named({ type: 'expand', direction: 'down' }), E: () => named({ type: 'expand', direction: 'up' }),
    h: () => { const one = card(); if (one) dispatch({ type: 'hide', name: one.name ?? undefined, group: one.group ?? undefined, label: one.label }); },
    t: () => named({ type: 'home' }),
    p: () => named({ type: what.state.ui.pathFrom ? 'pathTo' : 'pathFrom' }),
    c: () => named({ type: 'compare' }),
    o: () => { const name = card()?.name; if (name) dispatch({ type: what.state.view.out.includes(name) ? 'putBack' : 'takeOut', name }); },
    Home: () => go(what.state.data.lineage?.home),
  };
  stage.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    if (event.key.startsWith('Arrow')) {
      event.preventDefault();
      go(towards(event.key, cards.current, what.state));
    } else if (event.target.closest('.tools, .grow') && (event.key === 'Enter' || event.key === ' ')) {
      return;
    } else if (ON_CARD[event.key]) {
      event.preventDefault();
      ON_CARD[event.key]();
    }
  });

  const ANYWHERE = {
    '/': () => what.focusSearch(), '?': () => dispatch({ type: 'help', open: true }),
    '+': () => look.zoom(1.25), '=': () => look.zoom(1.25), '-': () => look.zoom(0.8), 0: () => look.around(),
  };
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.('input, select, textarea, dialog, [contenteditable]')) return;
    if (event.key === 'Escape') {
      const { ui, view } = what.state;
      if (ui.sideOpen) dispatch({ type: 'side', open: false });
      else if (ui.pathFrom || view.path) dispatch({ type: 'clearPath' });
      else if (ui.panel) { dispatch({ type: 'closePanel' }); cards.step(cards.current); }
    } else if (ANYWHERE[event.key]) {
      event.preventDefault();
      ANYWHERE[event.key]();
    }
  });
}
