// Layered drawing of a DAG. Pure: numbers in, numbers out; no DOM, so it runs in a worker and under `node --test`.
// rank → split long edges → order each layer → give heights. With `before`, cards already on screen do not move.
export function layout(cards, edges, { before = {}, dx = 250, dy = 56 } = {}) {
  const g = build(cards, edges);
  rank(g);
  const via = split(g, edges);
  const known = cards.some(c => before[c.id]);
  const y = known ? heightsAfter(g, cards, before, dx, dy) : heights(g, order(g), dy);
  const at = v => ({ x: g.rank[v] * dx, y: y[v] });
  return {
    cards: Object.fromEntries(cards.map((c, v) => [c.id, at(v)])),
    bends: Object.fromEntries(edges.map((e, i) => [e.id, via[i].map(at)])),
  };
}

function build(cards, edges) {
  const index = new Map(cards.map((c, v) => [c.id, v]));
  const out = cards.map(() => []), into = cards.map(() => []);
  const ends = edges.map(e => [index.get(e.source), index.get(e.target)]);
  for (const [a, b] of ends) { out[a].push(b); into[b].push(a); }
  return { size: cards.length, out, into, ends, rank: cards.map(() => 0) };
}

function rank(g) {                                     // longest path; then pull lonely sources to their readers
  const waiting = g.into.map(l => l.length), ready = [];
  waiting.forEach((n, v) => n || ready.push(v));
  for (const v of ready) for (const w of g.out[v]) {
    g.rank[w] = Math.max(g.rank[w], g.rank[v] + 1);
    if (!--waiting[w]) ready.push(w);
  }
  if (ready.length < g.size) throw new Error('lineage has a cycle');
  for (const v of ready.reverse())
    if (!g.into[v].length && g.out[v].length) g.rank[v] = Math.min(...g.out[v].map(w => g.rank[w])) - 1;
}

function split(g, edges) {                             // a bend in every layer a long edge crosses
  g.up = g.rank.map(() => []); g.down = g.rank.map(() => []);
  return edges.map((_, i) => {
    let [a, b] = g.ends[i]; const bends = [];
    for (let r = g.rank[a] + 1; r < g.rank[b]; r++) {
      const v = g.rank.push(r) - 1; g.up.push([a]); g.down.push([]); g.down[a].push(v); bends.push(a = v);
    }
    g.down[a].push(b); g.up[b].push(a);
    return bends;
  });
}

const byLayer = g => { const layers = []; g.rank.forEach((r, v) => (layers[r] ??= []).push(v)); return layers; };
const mean = (list, pos) => list.reduce((sum, v) => sum + pos[v], 0) / list.length;

function order(g, sweeps = 24, patience = 6) {         // two starts, barycentre sweeps, neighbour swaps, keep the best
  let best = Infinity, kept; const pos = new Float64Array(g.rank.length);
  const settle = row => row.forEach((v, i) => (pos[v] = i));
  for (const [from, to] of [[g.up, g.down], [g.down, g.up]]) {
    const first = firstVisit(g, from, to), layers = byLayer(g);
    for (const row of layers) settle(row.sort((a, b) => first[a] - first[b]));
    for (let s = 0, stale = 0; s < sweeps && stale < patience; s++) {
      const near = s % 2 ? g.down : g.up;
      for (const row of s % 2 ? layers.slice(0, -1).reverse() : layers.slice(1)) {
        const want = new Map(row.map(v => [v, near[v].length ? mean(near[v], pos) : pos[v]]));
        settle(row.sort((a, b) => want.get(a) - want.get(b)));
      }
      for (let again = 2; again && swapNeighbours(g, layers, pos); again--);
      const found = crossings(g, layers, pos);
      if (found < best) { best = found; kept = layers.map(row => [...row]); stale = 0; } else stale++;
    }
  }
  return kept;
}

function firstVisit(g, from, to) {                     // depth first, both ways, so families stay together
  const seen = new Int32Array(g.rank.length).fill(-1); let count = 0;
  for (let root = 0; root < seen.length; root++) {
    const stack = from[root].length ? [] : [root];
    while (stack.length) {
      const v = stack.pop(); if (seen[v] >= 0) continue;
      seen[v] = count++; stack.push(...[...to[v]].reverse(), ...from[v]);
    }
  }
  return seen;
}

function swapNeighbours(g, layers, pos) {
  const cost = (a, b) => [g.up, g.down].reduce((sum, near) => {
    for (const p of near[a]) for (const q of near[b]) sum += pos[p] > pos[q];
    return sum; }, 0);
  let moved = false;
  for (const row of layers) for (let i = 0; i + 1 < row.length; i++) {
    const [a, b] = [row[i], row[i + 1]];
    if (cost(a, b) > cost(b, a)) { row[i] = b; row[i + 1] = a; pos[b] = i; pos[a] = i + 1; moved = true; }
  }
  return moved;
}

function crossings(g, layers, pos) {                   // inversions, counted with a Fenwick tree: O(E log V)
  let total = 0;
  for (let r = 0; r + 1 < layers.length; r++) {
    const tree = new Int32Array(layers[r + 1].length + 1); let placed = 0;
    for (const v of layers[r]) {
      const spots = g.down[v].map(w => pos[w] + 1);
      for (const p of spots) { let left = 0; for (let i = p; i; i -= i & -i) left += tree[i]; total += placed - left; }
      for (const p of spots) { placed++; for (let i = p; i < tree.length; i += i & -i) tree[i]++; }
    }
  }
  return total;
}

function heightsAfter(g, cards, before, dx, dy) {        // old cards stay; newcomers take the free place nearest to their kin
  const y = new Float64Array(g.rank.length).fill(NaN);
  cards.forEach((c, v) => before[c.id] && (y[v] = before[c.id].y));
  // All columns may have moved at once, as one came before them; a card that moved otherwise is a newcomer where it is now.
  const moved = cards.map((c, v) => before[c.id] && Math.round(before[c.id].x / dx) - g.rank[v]);
  const usual = mode(moved.filter(by => by !== undefined));
  const old = moved.map(by => by === usual);
  for (let grew = true; grew;) {
    const found = [];
    y.forEach((h, v) => {
      if (!Number.isNaN(h)) return;
      const kin = [...g.up[v], ...g.down[v]].filter(w => !Number.isNaN(y[w]));
      if (kin.length) found.push([v, mean(kin, y)]);
    });
    for (const [v, h] of found) y[v] = h;
    grew = found.length > 0;
  }
  for (const row of byLayer(g)) {
    const taken = row.filter(v => old[v]).map(v => y[v]);
    for (const v of row.filter(w => !old[w]).sort((a, b) => (y[a] || 0) - (y[b] || 0))) taken.push(y[v] = freePlace(level(y[v] || 0, dy), taken, dy));
  }
  return y;
}

const level = (h, dy) => Math.round(2 * h / dy) * dy / 2; // half rows: what is nearly level is; dy apart stays dy apart

function mode(list) {
  const count = new Map();
  for (const one of list) count.set(one, (count.get(one) ?? 0) + 1);
  return [...count].reduce((best, one) => (one[1] > best[1] ? one : best), [undefined, 0])[0];
}

function freePlace(wish, taken, dy) {                   // the height nearest to `wish` that is dy from all that are taken
  const free = h => taken.every(t => Math.abs(t - h) >= dy - 1e-9);
  let best = free(wish) ? wish : Infinity;
  for (const t of taken) for (const h of [t - dy, t + dy]) if (Math.abs(h - wish) < Math.abs(best - wish) && free(h)) best = h;
  return best;
}

function heights(g, layers, dy, rounds = 12) {  // pull to the median neighbour, never closer than dy
  const y = new Float64Array(g.rank.length);
  for (const row of layers) row.forEach((v, i) => (y[v] = (i - row.length / 2) * dy));
  for (let k = 0; k < rounds; k++) for (const row of k % 2 ? [...layers].reverse() : layers) {
    const blocks = [];                                 // pool adjacent violators
    row.forEach((v, i) => {
      const near = k >= rounds - 2 ? [...g.up[v], ...g.down[v]] : k % 2 ? g.down[v] : g.up[v];
      const want = near.length ? median(near.map(w => y[w])) : y[v];
      let block = [want - i * dy, 1];
      while (blocks.length && blocks.at(-1)[0] > block[0]) {
        const [h, n] = blocks.pop(); block = [(h * n + block[0] * block[1]) / (n + block[1]), n + block[1]];
      }
      blocks.push(block);
    });
    let i = 0;
    for (const [h, n] of blocks) for (let j = 0; j < n; j++, i++) y[row[i]] = h + i * dy;
  }
  return y.map(h => level(h, dy));
}

function median(list) {
  const s = list.sort((a, b) => a - b), m = s.length >> 1;
  return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2;
}
