// The board's HTTP API. The only module that makes requests; it knows nothing of the page.

/** The server answers within 30 seconds whatever happens; what takes longer is lost. */
const ANSWER_WITHIN_MS = 40_000;
/** The pictures that came last, newest first; and all of them, in key order. */
const NEWEST_PICTURES = '/carrousel/newest.json';
const ALL_PICTURES = '/api/carrousel.json';
/** A list of pictures that is longer than this, in characters, is asked for once and then no more. */
const FOLLOWED_LIST_CHARACTERS = 1_000_000;

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
    this.retryAfter = retryAfter;
  }
}

/** @param preloaded options of the requests that index.html preloads, so that they are one with those */
export function createApi({ fetch, upload, base = '', preloaded = {} }) {
  const etags = new Map();
  let followsCarrousel = true;
  // Where the API is elsewhere, the file of the newest pictures cannot be read; and an older board has no such file.
  let hasNewest = !/^https?:/.test(base);

  async function send(path, { through = fetch, ...options } = {}) {
    let response;
    try {
      response = await through(base + path, options);
    } catch {
      throw new ApiError({ status: 0 });
    }
    if (!response.ok && response.status !== 304) throw await readError(response);
    return response;
  }

  const timed = (options = {}) => ({ ...options, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });

  async function readText(response) {
    try {
      return await response.text();
    } catch {
      throw new ApiError({ status: 0 });
    }
  }

  function parse(text) {
    try {
      return JSON.parse(text);
    } catch {
      // An answer that is cut off, or not from the board at all, is as good as none.
      throw new ApiError({ status: 0 });
    }
  }

  async function get(path, options) {
    return parse(await readText(await send(path, timed(options))));
  }

  /** The text at `path`, or null where it has not changed since the last time. */
  async function getIfChanged(path, { anew = false } = {}) {
    const isFollowing = etags.has(path) && !anew;
    const options = isFollowing ? { headers: { 'If-None-Match': etags.get(path) } } : { headers: {}, ...(path !== ALL_PICTURES && preloaded) };
    const response = await send(path, timed(options));
    if (response.status === 304) return null;
    const text = await readText(response);
    const etag = response.headers.get('ETag');
    if (etag) etags.set(path, etag);
    else etags.delete(path);
    return text;
  }

  /** The address of a picture: where the API is elsewhere, its pictures are there, too. */
  const located = (url) => (/^https?:/.test(base) ? new URL(url, base).href : url);
  const readPicture = ({ url, small = [], ...picture }) => ({ ...picture, url: located(url), small: small.map((version) => ({ ...version, url: located(version.url) })) });
  const readMessage = (message) =>
    message.picture ? { ...message, picture: readPicture(message.picture) } : message;
  const readPage = ({ messages, next }) => ({ messages: messages.map(readMessage), next });

  return {
    board: () => get('/api/board', preloaded),

    async firstPageIfChanged(options) {
      const text = await getIfChanged('/api/messages', options);
      return text === null ? null : readPage(parse(text));
    },

    /** A page of messages, older than the one with the id `before`; the newest where that is null. */
    async olderMessages(before, limit = 20) {
      return readPage(await get(`/api/messages?limit=${limit}${before === null ? '' : `&before=${encodeURIComponent(before)}`}`));
    },

    async message(id) {
      return readMessage(await get(`/api/messages/${encodeURIComponent(id)}`));
    },

    /** The pictures, newest last: those that came last, or all. Null where they have not changed since the last time. */
    async carrouselIfChanged({ all = false } = {}) {
      if (!followsCarrousel) return null;
      const isNewest = hasNewest && !all;
      try {
        const text = await getIfChanged(isNewest ? NEWEST_PICTURES : ALL_PICTURES);
        if (text === null) return null;
        followsCarrousel = text.length <= FOLLOWED_LIST_CHARACTERS;
        const list = parse(text).map(({ url }) => ({ url: located(url) }));
        return isNewest ? list.reverse() : list;
      } catch (error) {
        if (!isNewest || error.status !== 404) throw error;
        hasNewest = false;
        return this.carrouselIfChanged();
      }
    },

    /**
     * Creates a message; the answer is the message with its `deleteToken`, and with the `status` `held` where it waits
     * for a moderator. However often it is sent with the same `key`, there is one message.
     */
    async post({ text, author, picture, alt }, { key, onProgress, signal }) {
      const headers = { 'Idempotency-Key': key };
      let body;
      if (picture) {
        body = new FormData();
        for (const [name, value] of Object.entries({ text, author, alt, picture })) body.append(name, value);
      } else {
        headers['Content-Type'] = 'application/json';
        body = JSON.stringify({ text, author });
      }
      const response = await send('/api/messages', { through: upload, method: 'POST', headers, body, onProgress, signal });
      return readMessage(parse(await readText(response)));
    },

    async remove(id, token) {
      await this.ask(`/api/messages/${encodeURIComponent(id)}`, token, { method: 'DELETE' });
    },

    /** What only holders of `token` may ask, or whoever proves in another way who they are; answers the `Response`. */
    ask: (path, token, options) => send(path, timed({ ...options, headers: { ...(token && { Authorization: `Bearer ${token}` }), ...options?.headers } })),
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

/**
 * What `fetch` does, and tells how far the sending is, which `fetch` cannot. Sending may take as long as it
 * takes, a photo over a slow line does; only the answer has its time.
 */
export function uploadWithProgress(url, { method, headers, body, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let late;
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0));
    request.upload.addEventListener('load', () => {
      onProgress(1);
      late = setTimeout(stop, ANSWER_WITHIN_MS);
    });
    request.addEventListener('loadend', () => {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
      if (request.status === 0) reject(new TypeError('No answer'));
      else resolve(answerOf(request));
    });
    signal.addEventListener('abort', stop);
    request.send(body);
  });
}

function answerOf(request) {
  const lines = request.getAllResponseHeaders().trim().split(/\r\n/).filter(Boolean);
  const headers = lines.map((line) => line.split(/:\s*/, 1).concat(line.slice(line.indexOf(':') + 1).trim()));
  const empty = [204, 205, 304].includes(request.status);
  return new Response(empty ? null : request.responseText, { status: request.status, headers });
}
