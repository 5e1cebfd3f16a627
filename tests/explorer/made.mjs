// A graph that imitates lineage: even layers versions, odd layers runs; a few edges reach back several layers.

export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function lineage(size, layers, seed = 1) {
  const chance = random(seed), rows = [], cards = [], edges = new Map();
  for (let l = 0; l < layers; l++) {
    rows[l] = Array.from({ length: Math.ceil(size / layers) }, (_, i) => ({ id: `c${l}-${i}` }));
    cards.push(...rows[l]);
    if (!l) continue;
    rows[l].forEach((card, i) => {
      const sources = l % 2 ? 1 + Math.floor(chance() * 3) : 1;
      for (let n = 0; n < sources; n++) {
        const back = l % 2 && l > 2 && chance() < 0.08 ? 2 * Math.floor((chance() * (l - 1)) / 2) : l - 1;
        const row = rows[back], at = Math.min(row.length - 1, Math.max(0, i + Math.floor(chance() * 7) - 3));
        const id = `${row[at].id} ${card.id}`;
        edges.set(id, { id, source: row[at].id, target: card.id });
      }
    });
  }
  return { cards, edges: [...edges.values()] };
}

/** A view as the service gives it, of cards [id, kind, level] and edges [source, target]. */
export function view(cards, edges, more = {}) {
  return {
    home: cards[0][0], name: 'zoo/model:v1', as_of: null, known_at: null, scope: 'direct', up: null, down: null,
    nodes: cards.length, runs: cards.filter(c => c[1] === 'run').length, versions: cards.filter(c => c[1] === 'version').length,
    cards: cards.map(([id, kind, level]) => ({
      id, kind, level, name: kind === 'run' ? `zoo/runs/${id}` : `zoo/${id}:v1`, label: kind === 'run' ? id : `${id}:v1`,
      type: kind === 'run' ? 'train' : 'model', artifact: null, made_by: [], project: 'zoo', state: kind === 'run' ? 'finished' : null,
      states: {}, aliases: [], count: 1, group: null, rule: null, samples: [], loop: null, more: { up: 0, down: 0 },
    })),
    edges: edges.map(([source, target]) => ({ source, target, count: 1, back: false, via: false })),
    facets: { types: {}, job_types: {} }, hidden: [], omitted: [], coarsened: [], truncated: null, queries: [], ...more,
  };
}
