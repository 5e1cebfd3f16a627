// How things read: numbers, plurals, sizes, times, and the sentences of the page. Pure; nothing here touches the page.

const counting = new Intl.NumberFormat('en');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** 4000 → '4,000'; nothing for null. */
export const number = n => (n === null || n === undefined ? '' : counting.format(n));

/** 'model' → 'models', 'class' → 'classes', 'entry' → 'entries'; of a name that a person chose, so only what is sure. */
export function plural(one) {
  if (/[^aeiou]y$/.test(one)) return one.slice(0, -1) + 'ies';
  if (/(s|x|z|ch|sh)$/.test(one)) return one + 'es';
  return one + 's';
}

/** (1, 'run') → '1 run'; (62, 'model') → '62 models'. */
export const counted = (n, one, many = plural(one)) => `${number(n)} ${n === 1 ? one : many}`;

/** ['a', 'b', 'c'] → 'a, b and c'. */
export const list = items => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`);

/** Bytes: 1200 → '1.2 kB'. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return '';
  if (bytes < 1000) return counted(bytes, 'byte');
  let value = bytes, unit = 0;
  const units = ['', 'kB', 'MB', 'GB', 'TB', 'PB'];
  while (value >= 999.95 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds: '0.4 s', '3 min 20 s', '2 h 5 min', '3 d 4 h'. */
export function lasting(exact) {
  if (exact < 59_950) return `${(Math.max(0, exact) / 1000).toFixed(1)} s`;
  const ms = Math.max(exact, MINUTE);
  const two = (whole, big, part, small) => `${Math.floor(ms / whole)} ${big} ${Math.floor((ms % whole) / part)} ${small}`;
  if (ms < HOUR) return two(MINUTE, 'min', 1000, 's');
  return ms < DAY ? two(HOUR, 'h', MINUTE, 'min') : two(DAY, 'd', HOUR, 'h');
}

/** From one time to another, as texts; until now for what still runs; '' where nothing was said. */
export function took(start, end, now = null) {
  const until = end ? Date.parse(end) : now;
  return start && until !== null ? lasting(until - Date.parse(start)) : '';
}

/** '2026-11-03T12:00:00Z' → '3 Nov 2026, 12:00 UTC'. */
export function moment(iso) {
  const at = new Date(iso);
  if (!iso || Number.isNaN(at.getTime())) return iso ?? '';
  const two = n => String(n).padStart(2, '0');
  return `${day(iso)}, ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`;
}

/** '2026-11-03T12:00:00Z' → '3 Nov 2026'. */
export function day(iso) {
  const at = new Date(iso);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

/** How long ago: 'just now', '5 minutes ago', 'yesterday', then the day itself. */
export function ago(iso, now) {
  const since = now - Date.parse(iso);
  if (Number.isNaN(since)) return '';
  if (since < MINUTE) return 'just now';
  if (since < HOUR) return `${counted(Math.floor(since / MINUTE), 'minute')} ago`;
  if (since < DAY) return `${counted(Math.floor(since / HOUR), 'hour')} ago`;
  return since < 2 * DAY ? 'yesterday' : day(iso);
}

/** The value of a date-time input, which is taken for UTC ↔ a time as text. */
export const toInput = iso => (iso ? new Date(iso).toISOString().slice(0, 19) : '');
export const fromInput = text => {
  const at = text ? new Date(`${text.length === 16 ? `${text}:00` : text}Z`) : null;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString().replace('.000Z', 'Z') : null;
};

/** The beginning of a digest or commit, without its algorithm. */
export const short = (text, length = 12) => (text ?? '').slice((text ?? '').lastIndexOf(':') + 1).slice(0, length);

/** 'zoo/photos:v3' → {project: 'zoo', artifact: 'zoo/photos', label: 'photos:v3', version: 'v3'}; a run's name likewise. */
export function parts(name) {
  const run = /^(.+)\/runs\/([^/]+)$/.exec(name ?? '');
  if (run) return { kind: 'run', project: run[1], artifact: null, label: run[2], version: null };
  const cut = (name ?? '').lastIndexOf('/'), colon = (name ?? '').lastIndexOf(':');
  return {
    kind: 'version', project: cut < 0 ? '' : name.slice(0, cut),
    artifact: colon > cut ? name.slice(0, colon) : name,
    label: (name ?? '').slice(cut + 1), version: colon > cut ? name.slice(colon + 1) : null,
  };
}

/** Whether a card that was answered is of this name: one without a number means what the answer found. */
export const isOf = (card, name) => Boolean(card && name) && (card.name === name
  || (!/:v\d+$/.test(name) && card.kind === 'version' && parts(card.name).artifact === parts(name).artifact));

/** What kind of thing, for people: 'run', 'artifact version'. */
export const kindOf = kind => ({ run: 'run', version: 'artifact version', mixed: 'runs and versions', artifact: 'artifact' }[kind] ?? kind);

/** A type or job type as a heading; '' is none. */
export const typeOf = (type, kind = 'version') => type || (kind === 'run' ? 'no job type' : 'no type');

/** A group as one line: '62 models', '12 train runs', '40 versions of classifier'. */
export function groupOf(card) {
  const n = number(card.count);
  if (card.kind === 'mixed') return `${n} runs and versions`;
  if (card.kind === 'run') return card.type ? `${n} ${card.type} runs` : `${n} runs`;
  if (card.artifact) return `${n} versions of ${parts(card.artifact).label}`;
  return card.type ? counted(card.count, card.type) : `${n} versions`;
}

/** What a card is called wherever there is one line for it. */
export const labelOf = card => card.label ?? groupOf(card);

/** {finished: 60, failed: 2} → '60 finished, 2 failed'. */
export const statesOf = states => Object.entries(states ?? {}).sort((a, b) => b[1] - a[1])
  .map(([state, n]) => `${number(n)} ${state}`).join(', ');

/** The name of a card as a screen reader says it. */
export function spoken(card, home = false) {
  const what = card.count > 1
    ? [groupOf(card), statesOf(card.states)]
    : [`${card.type ? `${card.type} ` : ''}${card.kind === 'run' ? 'run' : 'version'} ${card.label}`, card.state,
      card.aliases?.length ? `alias ${card.aliases.join(', ')}` : ''];
  const { up, down } = card.more ?? {};
  const more = [up && `${number(up)} more upstream`, down && `${number(down)} more downstream`];
  return [home && 'home', ...what, ...more, card.loop !== null && card.loop !== undefined && 'in a circle'].filter(Boolean).join(', ');
}

/** How far the picture reaches: 'depth' of one side, null is all of it. */
export const depthOf = depth => (depth === null ? 'all' : counted(depth, 'step'));

const GIVEN_UP = {
  neighbours: 'groups of equal neighbours', made: 'groups by run', type: 'types', kind: 'kinds', levels: 'single levels',
};

/** What is not on the picture as a card of its own, and why; '' when all is. */
export function omitted(view) {
  const groups = view.cards.filter(card => card.group).length;
  const said = {
    filtered: n => `${n} filtered out`, hidden: n => `${n} hidden`,
    beyond: n => `${n} beyond the depth shown`, grouped: n => `${n} in ${counted(groups, 'group')}`,
  };
  return (view.omitted ?? []).filter(one => one.count)
    .map(one => (said[one.reason] ?? (n => `${n} ${one.reason}`))((one.at_least ? 'at least ' : '') + number(one.count)))
    .join(', ');
}

/** Why the groups are coarser than they might be; '' when they are not. */
export const coarsened = view => (view.coarsened?.length
  ? `To stay readable, groups no longer tell apart ${list(view.coarsened.map(one => GIVEN_UP[one] ?? one))}.` : '');

/** What was left out for want of time or room; '' when nothing was. */
export function cutShort(truncated) {
  if (!truncated) return '';
  return truncated.reason === 'time'
    ? `Not all of it: time ran out after ${number(truncated.limit)} s. Look less far, or filter.`
    : `Not all of it: more than ${number(truncated.limit)}.`;
}

/** The picture in one line, for the status line. */
export const picture = view =>
  `${counted(view.runs, 'run')} and ${counted(view.versions, 'version')} around ${view.name}, on ${counted(view.cards.length, 'card')}.`;

/** What the difference between two pictures is: '12 cards added, 3 gone'. */
export function changed(before, after) {
  const old = new Set(before?.cards.map(card => card.id)), now = new Set(after.cards.map(card => card.id));
  const added = [...now].filter(id => !old.has(id)).length, gone = [...old].filter(id => !now.has(id)).length;
  const said = [added && `${counted(added, 'card')} added`, gone && `${counted(gone, 'card')} gone`].filter(Boolean);
  return said.length ? `${said.join(', ')}.` : 'Nothing changed on the picture.';
}

/** What went wrong, for people: {title, detail, advice}. */
export function problem({ status, title, detail }) {
  const said = detail ? detail[0].toUpperCase() + detail.slice(1) : '';
  const known = {
    0: ['The service does not answer', 'What you see stays. The page asks again by itself.'],
    401: ['A token is needed', 'Log in with one.'],
    403: ['Your token does not allow this', 'Ask whoever runs the service for a token with a role that does.'],
    404: ['Not recorded', 'Look for it with the search, or go back.'],
    422: ['This cannot be asked', 'Change what is asked.'],
    429: ['Too many questions at once', 'Wait a moment, then try again.'],
    502: ['Neo4j answered with an error', 'Try again; the log of the service says more.'],
    503: ['Neo4j does not answer', 'What you see stays. The page asks again by itself.'],
    504: ['Time ran out', 'Look less far, filter, or try again.'],
  }[status] ?? [title || 'Something went wrong', 'Try again; the log of the service says more.'];
  return { title: known[0], detail: said, advice: known[1] };
}

/** A value of config, summary or metadata as text. */
export const value = v => (v === null || v === undefined ? '–' : typeof v === 'string' ? v : JSON.stringify(v));

/** A value as a Cypher literal. */
export function literal(v) {
  if (Array.isArray(v)) return `[${v.map(literal).join(', ')}]`;
  if (v && typeof v === 'object') return `{${Object.entries(v).map(([k, one]) => `\`${k.replaceAll('`', '``')}\`: ${literal(one)}`).join(', ')}}`;
  if (typeof v === 'string') return `'${v.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
  return String(v ?? null);
}

/** A query as it pastes into Neo4j Browser: a `:param` line for each parameter, then its text. */
export const cypher = query =>
  [...Object.entries(query.parameters ?? {}).map(([key, v]) => `:param ${key} => ${literal(v)}`), query.text ?? ''].join('\n');

/** Nested settings as [[dotted key, value]]. */
export function leaves(settings, prefix = '') {
  return Object.entries(settings ?? {}).flatMap(([key, v]) =>
    v && typeof v === 'object' && !Array.isArray(v) && Object.keys(v).length ? leaves(v, `${prefix}${key}.`) : [[prefix + key, v]]);
}

/** [{path, size}] → folders as a tree: {name, path, size, count, folders: […], files: […]}, names in order. */
export function tree(files) {
  const root = { name: '', path: '', size: 0, count: 0, folders: new Map(), files: [] };
  for (const file of files) {
    let at = root; const steps = file.path.split('/');
    at.size += file.size ?? 0; at.count++;
    for (const step of steps.slice(0, -1)) {
      if (!at.folders.has(step)) at.folders.set(step, { name: step, path: `${at.path}${step}/`, size: 0, count: 0, folders: new Map(), files: [] });
      at = at.folders.get(step); at.size += file.size ?? 0; at.count++;
    }
    at.files.push({ ...file, name: steps.at(-1) });
  }
  const order = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const settle = ({ folders, files: own, ...rest }) =>
    ({ ...rest, folders: [...folders.values()].sort(order).map(settle), files: own.sort(order) });
  return settle(root);
}
