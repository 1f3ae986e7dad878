// The board's HTTP API. The only module that calls `fetch`; it knows nothing of the page.

/** The server answers within 30 seconds whatever happens; what takes longer is lost. */
const ANSWER_WITHIN_MS = 40_000;

/**
 * A request that did not do what was asked.
 * `status` is 0 where no answer came; `code` and `fields` are only known where the board
 * itself answered (problem+json), not API Gateway or CloudFront in front of it.
 */
export class ApiError extends Error {
  constructor({ status, code = null, fields = [], retryAfter = null }) {
    super(code ?? `HTTP ${status}`);
    this.status = status;
    this.code = code;
    /** `{ field, code, detail }` for each field at fault. */
    this.fields = fields;
    /** Seconds, or null. */
    this.retryAfter = retryAfter;
  }
}

/** @param base the API's origin without a trailing slash; empty for the page's own. */
export function createApi({ fetch, base = '' }) {
  const etags = new Map();

  async function send(path, options = {}) {
    let response;
    try {
      response = await fetch(base + path, options);
    } catch {
      throw new ApiError({ status: 0 });
    }
    if (!response.ok && response.status !== 304) throw await readError(response);
    return response;
  }

  async function readJson(response) {
    try {
      return await response.json();
    } catch {
      // Cut off on the way, or not from the board at all: as good as no answer.
      throw new ApiError({ status: 0 });
    }
  }

  async function get(path) {
    return readJson(await send(path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }));
  }

  /** The JSON at `path`, or null where it is what it was the last time. */
  async function getIfChanged(path) {
    const headers = etags.has(path) ? { 'If-None-Match': etags.get(path) } : {};
    const response = await send(path, { headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (response.status === 304) return null;
    const body = await readJson(response);
    const etag = response.headers.get('ETag');
    if (etag) etags.set(path, etag);
    else etags.delete(path);
    return body;
  }

  return {
    board: () => get('/api/board'),
    firstPageIfChanged: () => getIfChanged('/api/messages'),
    olderMessages: (before) => get(`/api/messages?before=${encodeURIComponent(before)}`),
    carrouselIfChanged: () => getIfChanged('/api/carrousel.json'),

    /** Creates a message; the answer is the message with its `deleteToken`. */
    async post({ text, author, picture, alt }) {
      // No time limit: a photo over a slow line takes as long as it takes.
      return readJson(await send('/api/messages', { method: 'POST', ...body() }));

      function body() {
        if (!picture) {
          return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text, author }) };
        }
        const form = new FormData();
        form.append('text', text);
        form.append('author', author);
        form.append('alt', alt);
        form.append('picture', picture);
        return { body: form };
      }
    },

    async remove(id, deleteToken) {
      await send(`/api/messages/${encodeURIComponent(id)}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${deleteToken}` },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
    },
  };
}

async function readError(response) {
  const { status, headers } = response;
  const retryAfter = /^\d+$/.test(headers.get('Retry-After') ?? '') ? Number(headers.get('Retry-After')) : null;
  if (!headers.get('Content-Type')?.startsWith('application/problem+json')) {
    return new ApiError({ status, retryAfter });
  }
  const problem = await response.json().catch(() => ({}));
  const code = /^urn:corkboard:problem:(.+)$/.exec(problem.type)?.[1] ?? null;
  return new ApiError({ status, code, fields: problem.errors ?? [], retryAfter });
}
