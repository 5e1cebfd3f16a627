// What is seen of the stage: the first look, what is kept in sight, and the buttons for it.
import { camera } from './camera.js';
import { boxOf } from './picture.js';

const READABLE = 0.7, EDGE = 40;

export function looking(stage, ctx) {
  const viewport = stage.querySelector('.viewport'), zoomed = document.createElement('output');
  zoomed.textContent = '100 %';
  const look = camera(viewport, stage.querySelector('.layer'), {
    onDrag: (id, x, y) => ctx.dispatch({ type: 'dragged', id, x, y }),
    onZoom: scale => { zoomed.textContent = `${Math.round(scale * 100)} %`; },
  });
  let begun = false;

  /** Around home, as much as can be read; says whether there was something to see, and room to see it in. */
  function around() {
    const { lineage } = ctx.state.data, box = boxOf(ctx.state), home = lineage && boxOf(ctx.state, new Set([lineage.home]));
    if (!box || !viewport.clientWidth) return false;
    look.fit(home ? part(box, home, viewport.clientWidth / READABLE, viewport.clientHeight / READABLE) : box);
    return true;
  }
  const whole = () => { const box = boxOf(ctx.state); if (box) look.fit(box, EDGE); };
  const begin = () => { begun ||= around(); };
  const reveal = id => { const box = boxOf(ctx.state, new Set([id])); if (box && viewport.clientWidth) look.reveal(box); };

  // The stage shrinks when the panel opens; what was chosen stays in sight.
  new ResizeObserver(() => {
    begin();
    const { data, view } = ctx.state, chosen = view.selected && data.lineage?.cards.find(card => card.name === view.selected);
    if (chosen) reveal(chosen.id);
  }).observe(viewport);
  stage.addEventListener('focusin', ({ target }) => { if (target.matches('.face:focus-visible')) reveal(target.closest('.card').dataset.id); });

  const button = (sign, label, act) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = sign;
    made.title = label;
    made.setAttribute('aria-label', label);
    made.addEventListener('click', act);
    return made;
  };
  stage.querySelector('.zoom').append(
    button('−', 'Zoom out', () => look.zoom(0.8)), zoomed, button('+', 'Zoom in', () => look.zoom(1.25)),
    button('Fit', 'Fit the whole lineage', whole), button('Tidy', 'Tidy: arrange anew', () => ctx.dispatch({ type: 'tidy' })),
  );

  return { zoom: look.zoom, moveBy: look.moveBy, get scale() { return look.scale; }, around, begin, reveal, anew: () => { begun = false; } };
}

/** The part of a picture to see at first: all of it, or as much as there is room for, around home and no further than it goes. */
function part(box, home, width, height) {
  const cut = (start, size, centre, room) => (size <= room ? [start, size]
    : [Math.min(Math.max(start, centre - room / 2), start + size - room), room]);
  const [x, w] = cut(box.x - EDGE, box.width + 2 * EDGE, home.x + home.width / 2, width);
  const [y, h] = cut(box.y - EDGE, box.height + 2 * EDGE, home.y + home.height / 2, height);
  return { x, y, width: w, height: h };
}
