// The service's questions. The only file that calls fetch; what goes wrong is thrown as {title, detail, status, request_id}.

const PAGE = 50;

// ── pure ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** '/api/…' with a query string: lists repeat, null and '' are left out unless they stand in a list. */
export function address(path, params = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (Array.isArray(value)) value.forEach(one => query.append(key, one));
    else if (value !== null && value !== undefined && value !== '') query.append(key, value);
  }
  const text = query.toString();
  return `/api/${path}${text ? `?${text}` : ''}`;
}

/** What the service must know of a view to draw it. */
export const viewParams = view => ({
  home: view.home, up: view.up === 'auto' ? null : view.up, down: view.down === 'auto' ? null : view.down,
  scope: view.scope === 'direct' ? null : view.scope,
  type: view.types, job_type: view.jobTypes, out: view.out, hide: view.hide, more: view.more, as_of: view.asOf,
});

/** A response that is no answer → what is thrown. */
export function problemOf(status, body, requestId = null) {
  return {
    status, title: body?.title ?? '', detail: body?.detail ?? '', request_id: body?.request_id ?? requestId,
  };
}

/** Members of a group, as one list. */
export function membersOf(answer) {
  const runs = answer.runs.map(run => ({ ...run, kind: 'run', name: `${run.project}/runs/${run.id}`, label: run.name }));
  const versions = answer.versions.map(v => ({ ...v, kind: 'version', label: v.name.slice(v.name.lastIndexOf('/') + 1) }));
  return { count: answer.count, found: answer.found, items: [...runs, ...versions], cursor: answer.truncated?.cursor ?? null };
}

// ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin', ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw problemOf(0, { detail: 'the service cannot be reached from here' });
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw problemOf(response.status, body, response.headers.get('X-Request-ID'));
}

const get = async (path, params, signal) => (await ask(address(path, params), { signal })).json();

/** Each question; the last argument of all is an AbortSignal. An aborted request throws its AbortError. */
export const api = Object.freeze({
  get,
  text: async (path, signal) => (await ask(address(path), { signal })).text(),
  me: signal => get('me', {}, signal),
  projects: signal => get('projects', {}, signal),
  artifacts: (project, signal) => get('artifacts', { project }, signal),
  versions: async (artifact, after = null, signal = undefined) => {
    const items = await get('versions', { artifact, newest: true, limit: PAGE, after }, signal);
    return { items, cursor: items.length < PAGE ? null : String(Number(after ?? 0) + PAGE) };
  },
  // Bare lists: after is how many were given before.
  runs: async (project, after = null, signal = undefined) => {
    const items = await get('runs', { project, limit: PAGE, after }, signal);
    return { items, cursor: items.length < PAGE ? null : String(Number(after ?? 0) + PAGE) };
  },
  lineage: (view, signal) => get('lineage', viewParams(view), signal),
  cluster: async (view, group, { search, after, sort, descending }, signal) =>
    membersOf(await get('cluster', { ...viewParams(view), group, search, after, sort, descending, limit: PAGE }, signal)),
  card: (name, asOf, signal) => get('card', { name, as_of: asOf }, signal),
  search: (q, signal) => get('search', { q, limit: 40 }, signal),
  path: (a, b, asOf, signal, which = 'shortest') => get('path', { a, b, which, as_of: asOf }, signal),
  diff: (a, b, signal) => get('diff', { a, b, limit: 200 }, signal),

  /** Logs in: the service keeps the token in a cookie that no script reads. */
  session: token => ask('/api/session', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }),
  }),
  leave: () => ask('/api/session', { method: 'DELETE' }),

  /** Where a file of what is upstream or downstream of a name is. */
  exportUrl: (name, direction, format, view = {}) => address(direction, { name, format, as_of: view.asOf }),
});
