// Where one looks: pan by dragging the ground, zoom by wheel, pinch or button, fit; and cards that are dragged.

const LEAST = 0.08, MOST = 2.5, FAR = 0.5, SLACK = 4;

/** viewport: what is looked through; layer: what moves behind it. onDrag(id, x, y, done): a card follows the pointer. */
export function camera(viewport, layer, { onDrag, onZoom }) {
  let x = 0, y = 0, k = 1, frame = 0;
  const pointers = new Map();
  let grip = null;

  const paint = () => {
    frame = 0;
    // In three dimensions it is a layer of its own, which moves without being drawn anew, and is sharp at every scale.
    layer.style.transform = `translate3d(${x}px, ${y}px, 0) scale(${k})`;
    viewport.classList.toggle('far', k < FAR);
    onZoom(k);
  };
  const move = () => { frame ||= requestAnimationFrame(paint); };
  const at = event => { const box = viewport.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };

  function zoom(by, point = { x: viewport.clientWidth / 2, y: viewport.clientHeight / 2 }) {
    const wanted = Math.min(MOST, Math.max(LEAST, k * by));
    x = point.x - (point.x - x) * (wanted / k);
    y = point.y - (point.y - y) * (wanted / k);
    k = wanted;
    move();
  }

  /** Shows a box of the layer whole, no larger than life. */
  function fit(box, margin = 0) {
    const width = viewport.clientWidth, height = viewport.clientHeight;
    if (!width || !height || !box) return;
    k = Math.min(1, Math.max(LEAST, Math.min((width - 2 * margin) / box.width, (height - 2 * margin) / box.height)));
    x = (width - box.width * k) / 2 - box.x * k;
    y = (height - box.height * k) / 2 - box.y * k;
    move();
  }

  /** Moves as little as needed to have a box of the layer in sight. */
  function reveal(box, margin = 24) {
    const width = viewport.clientWidth, height = viewport.clientHeight;
    const nudge = (from, size, room) => (from < margin ? margin - from : Math.min(0, room - margin - from - size));
    x += nudge(box.x * k + x, box.width * k, width);
    y += nudge(box.y * k + y, box.height * k, height);
    move();
  }

  viewport.addEventListener('wheel', event => {
    if (event.target.closest('input, select, textarea')) return;
    event.preventDefault();
    if (event.shiftKey) { x -= event.deltaY || event.deltaX; move(); return; }
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), at(event));
  }, { passive: false });

  viewport.addEventListener('pointerdown', event => {
    if (event.button !== 0) return;
    const card = event.target.closest('.card');
    if (card && event.target.closest('.tools, .grow')) return;
    pointers.set(event.pointerId, at(event));
    const start = at(event);
    grip = card && pointers.size === 1
      ? { id: card.dataset.id, from: { x: Number(card.dataset.x), y: Number(card.dataset.y) }, start, moved: false }
      : { start, moved: false };
  });
  viewport.addEventListener('pointermove', event => {
    const last = pointers.get(event.pointerId);
    if (!last || !grip) return;
    const now = at(event);
    if (!grip.moved && Math.hypot(now.x - grip.start.x, now.y - grip.start.y) < SLACK) return;
    if (!grip.moved) viewport.setPointerCapture(event.pointerId);
    grip.moved = true;
    viewport.classList.add('dragging');
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()], other = a === now ? b : a;
      const spread = (p, q) => Math.hypot(p.x - q.x, p.y - q.y) || 1;
      zoom(spread(now, other) / spread(last, other), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (grip.id) {
      onDrag(grip.id, grip.from.x + (now.x - grip.start.x) / k, grip.from.y + (now.y - grip.start.y) / k, false);
    } else {
      x += now.x - last.x; y += now.y - last.y;
      move();
    }
  });
  const end = event => {
    if (!pointers.delete(event.pointerId) || pointers.size) return;
    if (grip?.moved) {
      // The click that follows a drag chooses nothing.
      viewport.addEventListener('click', after => { after.stopPropagation(); after.preventDefault(); }, { capture: true, once: true });
      setTimeout(() => viewport.dispatchEvent(new Event('click')), 0);
      if (grip.id) {
        const now = at(event);
        onDrag(grip.id, grip.from.x + (now.x - grip.start.x) / k, grip.from.y + (now.y - grip.start.y) / k, true);
      }
    }
    grip = null;
    viewport.classList.remove('dragging');
  };
  viewport.addEventListener('pointerup', end);
  viewport.addEventListener('pointercancel', end);

  return { zoom, fit, reveal, get scale() { return k; }, moveBy: (dx, dy) => { x += dx; y += dy; move(); } };
}
