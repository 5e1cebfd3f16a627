// The cards of a lineage: a list a level, each card a button with what can be done to it beside it.
import { face } from './picture.js';
import { near, onPath, placeOf } from './state.js';

const GLIDE = { duration: 250, easing: 'ease' };
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const el = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

export function create(root, { dispatch, words }) {
  const made = new Map();
  const tools = toolbar(dispatch);
  const stage = root.closest('#stage');
  const focusOn = id => made.get(id)?.querySelector('.face').focus({ preventScroll: true });
  let current = null, shown = null, state = null, owed = false;

  function render(after) {
    state = after;
    const { lineage } = state.data;
    const cards = lineage?.cards.filter(card => placeOf(state, card.id)) ?? [];
    if (shown?.lineage !== lineage || shown?.positions !== state.positions) rebuild(cards, lineage);
    if (shown?.pinned !== state.pinned || shown?.positions !== state.positions) {
      const glide = !calm();
      cards.forEach(card => place(card, glide));
    }
    light(lineage, cards);
    shown = { lineage, positions: state.positions, pinned: state.pinned };
  }

  function rebuild(cards, lineage) {
    const held = root.contains(document.activeElement) ? document.activeElement : null;
    const focused = held?.closest('.card')?.dataset.id;
    const ids = new Set(cards.map(card => card.id));
    for (const [id, card] of made) if (!ids.has(id)) { card.remove(); made.delete(id); }
    if (!ids.has(current)) current = nearest(cards, shown?.positions[current], state) ?? (lineage && ids.has(lineage.home) ? lineage.home : cards[0]?.id ?? null);
    const home = cards.find(card => card.id === lineage?.home)?.level ?? 0;
    const levels = Map.groupBy ? Map.groupBy(cards, card => card.level - home) : grouped(cards, home);
    const lists = [...levels].sort(([a], [b]) => a - b).map(([distance, some]) => {
      const list = root.querySelector(`ul[data-level="${distance}"]`) ?? el('ul', 'level');
      list.dataset.level = distance;
      list.setAttribute('aria-label', levelName(distance, some, words));
      some.sort((a, b) => placeOf(state, a.id).y - placeOf(state, b.id).y);
      settle(list, some.map(card => fill(made.get(card.id) ?? fresh(card), card, lineage.home)));
      return list;
    });
    settle(root, lists);
    // Focus that was on a card stays on it, or goes to one; while there is none the stage keeps it.
    if (owed && cards.length && [stage, document.body].includes(document.activeElement)) focusOn(current);
    else if (focused && !cards.length) stage.focus({ preventScroll: true });
    else if (focused && document.activeElement !== held) focusOn(made.has(focused) ? focused : current);
    owed = !cards.length && (owed || Boolean(focused));
  }

  function fresh(card) {
    const item = el('li', 'card');
    item.dataset.id = card.id;
    const face = el('button', 'face');
    face.type = 'button';
    const name = el('span', 'name');
    name.append(el('span', 'head'), el('span', 'tail'));
    face.append(el('span', 'icon'), el('span', 'type'), name, el('span', 'mark'));
    item.append(face);
    made.set(card.id, item);
    return item;
  }

  function fill(item, card, home) {
    const isHome = card.id === home;
    item.className = `card ${card.kind}${card.group ? ' group' : ''}${isHome ? ' home' : ''}${card.loop !== null ? ' loop' : ''}`;
    item.dataset.state = card.state ?? '';
    const button = item.querySelector('.face');
    const [, type, name, mark] = button.children, said = face(card, words);
    type.textContent = said.top;
    name.children[0].textContent = said.name;
    name.children[1].textContent = said.tail;
    mark.textContent = card.loop !== null ? '↻' : aliasMark(card.aliases ?? []);
    mark.title = card.loop !== null ? 'part of a circle' : (card.aliases ?? []).join(', ');
    button.title = card.name ?? `${words.labelOf(card)}: ${(card.samples ?? []).join(', ')}…`;
    button.setAttribute('aria-label', words.spoken(card, isHome));
    button.tabIndex = card.id === current ? 0 : -1;
    grow(item, card, 'up');
    grow(item, card, 'down');
    return item;
  }

  /** The button that adds a level before or after a card. */
  function grow(item, card, direction) {
    const more = card.name && card.more?.[direction];
    let button = item.querySelector(`.grow.${direction}`);
    if (!more) { button?.remove(); return; }
    if (!button) {
      button = el('button', `grow ${direction}`);
      button.type = 'button';
      button.tabIndex = -1;
      item.append(button);
    }
    button.textContent = direction === 'up' ? `◂ ${words.number(more)}` : `${words.number(more)} ▸`;
    button.setAttribute('aria-label', `${words.number(more)} more ${direction}stream of ${card.label}: show`);
  }

  /** Cards glide to where they are now, and new ones on a known picture appear; a dragged one follows at once. */
  function place(card, glide) {
    const item = made.get(card.id), { x, y } = placeOf(state, card.id);
    if (!item) return;
    const from = item.style.transform, to = `translate(${x}px, ${y}px)`;
    item.style.transform = to;
    if (glide && from && from !== to && !state.pinned[card.id]) item.animate({ transform: [from, to] }, GLIDE);
    else if (glide && !from && state.warm) item.animate({ opacity: [0, 1] }, GLIDE);
    item.dataset.x = x;
    item.dataset.y = y;
    item.classList.toggle('pinned', Boolean(state.pinned[card.id]));
  }

  function light(lineage, cards) {
    const path = onPath(state);
    const lit = state.hover && lineage ? near(lineage, state.hover) : null;
    root.parentElement.classList.toggle('hovering', Boolean(lit) && !path);
    root.parentElement.classList.toggle('path', Boolean(path));
    for (const card of cards) {
      const item = made.get(card.id);
      item.classList.toggle('lit', Boolean(lit?.has(card.id)));
      item.classList.toggle('on-path', Boolean(path?.has(card.id)));
      const chosen = card.name ? card.name === state.view.selected : card.group === state.data.cluster?.group && state.ui.panel === 'cluster';
      item.querySelector('.face').setAttribute('aria-current', chosen);
      item.classList.toggle('from', card.name !== null && card.name === state.ui.pathFrom);
    }
  }

  const cardOf = target => {
    const id = target.closest?.('.card')?.dataset.id;
    return id ? state.data.lineage?.cards.find(card => card.id === id) : null;
  };
  const open = card => {
    if (state.ui.pathFrom && card.name && card.name !== state.ui.pathFrom) dispatch({ type: 'pathTo', name: card.name });
    else if (card.group) dispatch({ type: 'openCluster', group: card.group });
    else dispatch({ type: 'select', name: card.name });
  };

  root.addEventListener('click', event => {
    const card = cardOf(event.target);
    if (!card) return;
    const direction = event.target.closest('.grow')?.classList.contains('up') ? 'up' : 'down';
    if (event.target.closest('.grow')) dispatch({ type: 'expand', name: card.name, direction });
    else if (event.target.closest('.face')) {
      if (event.shiftKey && card.name) dispatch({ type: 'pathTo', name: card.name });
      else open(card);
    }
  });
  const enter = event => {
    const card = cardOf(event.target);
    if (card && !root.parentElement.parentElement.classList.contains('dragging')) {
      tools.show(event.target.closest('.card'), card, card.id === state.data.lineage.home, state.view.out.includes(card.name));
      dispatch({ type: 'hover', id: card.id });
    }
  };
  root.addEventListener('pointerover', enter);
  root.addEventListener('focusin', event => { enter(event); step(cardOf(event.target)?.id, false); });
  root.addEventListener('pointerleave', () => dispatch({ type: 'hover', id: null }));
  root.addEventListener('focusout', event => { if (!root.contains(event.relatedTarget)) dispatch({ type: 'hover', id: null }); });

  /** Makes a card the one that Tab reaches, and focuses it. */
  function step(id, focus = true) {
    if (!id || !made.has(id)) return;
    const before = made.get(current)?.querySelector('.face');
    if (before) before.tabIndex = -1;
    current = id;
    const face = made.get(id).querySelector('.face');
    face.tabIndex = 0;
    if (focus) face.focus({ preventScroll: true });
  }

  return { render, step, open, cardOf, get current() { return current; } };
}

const aliasMark = ([first = '', ...more]) => (more.length ? `${first} +${more.length}` : first);

/** '2 levels upstream, 5 artifacts' */
export function levelName(distance, cards, { counted }) {
  const where = distance === 0 ? 'the level of home' : `${counted(Math.abs(distance), 'level')} ${distance < 0 ? 'upstream' : 'downstream'}`;
  const count = kind => cards.filter(card => card.kind === kind).reduce((sum, card) => sum + card.count, 0);
  const said = [['run', 'run'], ['version', 'artifact'], ['mixed', 'run or artifact']].map(([kind, one]) => count(kind) && counted(count(kind), one));
  return [where, ...said.filter(Boolean)].join(', ');
}

const grouped = (cards, home) => cards.reduce((found, card) => found.set(card.level - home, [...(found.get(card.level - home) ?? []), card]), new Map());

/** The card that stands nearest to where another one stood. */
function nearest(cards, at, state) {
  if (!at) return null;
  const far = card => { const place = placeOf(state, card.id); return Math.hypot(place.x - at.x, 3 * (place.y - at.y)); };
  return cards.reduce((best, card) => (best && far(best) <= far(card) ? best : card), null)?.id ?? null;
}

/** Makes these a parent's children in this order, moving none that is where it belongs: what moves loses focus and motion. */
function settle(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  wanted.forEach((child, i) => { if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null); });
}

/** What can be done to the card under the pointer, or in focus: one row of buttons that goes from card to card. */
function toolbar(dispatch) {
  const bar = el('div', 'tools');
  const button = (className, sign, label, event) => {
    const made = el('button', className, sign);
    made.type = 'button';
    made.tabIndex = -1;
    made.title = label;
    made.addEventListener('click', click => { click.stopPropagation(); if (bar.card) dispatch(event(bar.card)); });
    return made;
  };
  const hide = button('hide', '', 'Hide (H)', card => ({ type: 'hide', name: card.name ?? undefined, group: card.group ?? undefined, label: card.label }));
  const home = button('to-home', '⌂', 'Make this the home (T)', card => ({ type: 'home', name: card.name }));
  const back = button('back', '⇤', 'Put back into its group (O)', card => ({ type: 'putBack', name: card.name }));
  bar.append(home, back, hide);
  bar.show = (item, card, isHome, isOut) => {
    if (bar.parentElement !== item) item.append(bar);
    bar.card = card;
    hide.hidden = isHome;
    home.hidden = isHome || !card.name;
    back.hidden = !isOut;
    for (const one of bar.children) one.setAttribute('aria-label', `${one.title.replace(/ \(.\)$/, '')}: ${card.label ?? 'this group'}`);
  };
  return bar;
}
