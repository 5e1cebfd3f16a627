// Elements, made of text alone: whatever a name contains, it is shown and never read as HTML.

const SVG = 'http://www.w3.org/2000/svg';

/** el('button', {class: 'quiet', onclick: …, 'aria-label': …}, 'text', child, …): null and false are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'class') node.className = value;
    else if (key === 'value' || key === 'checked' || key === 'open' || key === 'selected') node[key] = value;
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return node;
}

/** The disc of a run, the square of a version, both of a mixed group: colour and shape. */
export function icon(kind) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ viewBox: '0 0 16 16', class: `icon ${kind}`, 'aria-hidden': 'true' })) svg.setAttribute(key, value);
  const shape = (tag, at) => {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(at)) node.setAttribute(key, value);
    svg.append(node);
  };
  if (kind !== 'version' && kind !== 'artifact') shape('circle', kind === 'mixed' ? { cx: 5, cy: 8, r: 4.5 } : { cx: 8, cy: 8, r: 6.5 });
  if (kind !== 'run') shape('rect', kind === 'mixed' ? { x: 7, y: 4, width: 8, height: 8, rx: 1.5 } : { x: 2, y: 2, width: 12, height: 12, rx: 2 });
  return svg;
}

/** A button that reads as a word. */
export const button = (label, onclick, props = {}) => el('button', { type: 'button', onclick, ...props }, label);

/** Puts new children into `root`, and the focus, open details and scroll of what has the same data-key back. */
export function fill(root, ...children) {
  const held = root.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.dataset.key, from = held?.selectionStart, to = held?.selectionEnd;
  const open = new Map([...root.querySelectorAll('details[data-key]')].map(one => [one.dataset.key, one.open]));
  const scroll = new Map([...root.querySelectorAll('[data-scroll]')].map(one => [one.dataset.scroll, one.scrollTop]));
  root.replaceChildren(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  for (const one of root.querySelectorAll('details[data-key]')) if (open.has(one.dataset.key)) one.open = open.get(one.dataset.key);
  for (const one of root.querySelectorAll('[data-scroll]')) one.scrollTop = scroll.get(one.dataset.scroll) ?? 0;
  if (!key) return;
  const again = [...root.querySelectorAll('[data-key]')].find(one => one.dataset.key === key);
  again?.focus({ preventScroll: true });
  if (again && typeof from === 'number' && again.setSelectionRange && /^(text|search)$/.test(again.type)) again.setSelectionRange(from, to);
}

/** Calls `paint(...values)` only when one of the values that `pick(state)` lists is another than before. */
export function whenChanged(pick, paint) {
  let before = null;
  return state => {
    const now = pick(state);
    if (before && now.length === before.length && now.every((value, i) => Object.is(value, before[i]))) return;
    before = now;
    paint(...now);
  };
}

/** The same function, called once things have been quiet for so many milliseconds. */
export function later(ms, call) {
  let waiting = 0;
  return (...given) => { clearTimeout(waiting); waiting = setTimeout(() => call(...given), ms); };
}

/** Copies a text; where the browser does not allow that, over a field that is selected for it. */
export async function copy(textToCopy) {
  try {
    await navigator.clipboard.writeText(textToCopy);
  } catch {
    const field = el('textarea', { class: 'unseen', value: textToCopy });
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (!done) throw new Error('not copied');
  }
}

/** A button that copies, and says so to `said` and on itself. */
export function copyButton(what, textToCopy, said) {
  const give = async () => {
    try {
      await copy(typeof textToCopy === 'function' ? await textToCopy() : textToCopy);
      node.textContent = 'Copied'; said(`${what} copied.`);
    } catch {
      said(`${what} could not be copied; select it and copy it by hand.`);
    }
    setTimeout(() => { node.textContent = 'Copy'; }, 1500);
  };
  const node = button('Copy', give, { class: 'quiet small', 'aria-label': `Copy ${what.toLowerCase()}`, 'data-key': `copy ${what}` });
  return node;
}

/** A file for the person at the page to keep. */
export function keep(name, blobOrUrl) {
  const url = typeof blobOrUrl === 'string' ? blobOrUrl : URL.createObjectURL(blobOrUrl);
  const link = el('a', { href: url, download: name, class: 'unseen' });
  document.body.append(link);
  link.click();
  link.remove();
  if (typeof blobOrUrl !== 'string') setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Opens a <dialog> and gives the focus back to where it was when it closes. */
export function openDialog(dialog, first = null) {
  if (dialog.open) return;
  const before = document.activeElement;
  dialog.showModal();
  first?.focus();
  dialog.addEventListener('close', () => before?.isConnected && before.focus({ preventScroll: true }), { once: true });
}

/** A button that shows and hides something below it; Escape and a click elsewhere hide it. Returns {box, label(text), close()}. */
export function drop(label, key, ...content) {
  const below = el('div', { class: 'drop', hidden: true }, content);
  const face = button(label, () => show(below.hidden), { 'aria-expanded': 'false', 'data-key': key, class: 'face-button' });
  const show = open => { below.hidden = !open; face.setAttribute('aria-expanded', String(open)); };
  const box = el('div', {
    class: 'dropper',
    onkeydown: event => {
      if (event.key !== 'Escape' || below.hidden) return;
      show(false); face.focus(); event.preventDefault(); event.stopPropagation();
    },
    onfocusout: event => { if (event.relatedTarget && !box.contains(event.relatedTarget)) show(false); },
  }, face, below);
  document.addEventListener('pointerdown', event => { if (!below.hidden && !box.contains(event.target)) show(false); });
  return { box, below, label: text => { face.textContent = text; }, mark: on => face.classList.toggle('on', on), close: () => show(false) };
}
