// What moderators ask of the board, by `ask` of api.js, which makes the requests. Knows nothing of the page.

import { ApiError } from './api.js';
import { isSignedOut } from './moderator-session.js';

const PAGE = 50;
/** The board decides on 100 at once; half of that is answered in time, also where it is slow. */
const AT_ONCE = 50;
/** How many requests run side by side, where there is no request for many messages at once. */
const SIDE_BY_SIDE = 4;

const json = (body, method = 'POST') => ({ method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/**
 * @param askBoard makes a request with a token
 * @param messagesBefore answers a page of the board's messages
 * @param onRefused is called where the board does not accept the session's token any more
 */
export function createModeratorApi({ ask: askBoard, messagesBefore, session, onRefused }) {
  /** Asks with the session's token. An answer that comes after the session has ended is refused. */
  async function ask(path, options) {
    const { token } = session;
    try {
      if (token === null) throw new ApiError({ status: 401, code: 'token-missing' });
      const response = await askBoard(path, token, options);
      if (session.token === token) return response;
    } catch (error) {
      if (isSignedOut(error)) {
        session.refuse(token);
        onRefused();
        throw error;
      }
      if (session.token === token) throw error;
    }
    throw new ApiError({ status: 0, code: 'session-over' });
  }

  async function read(response) {
    try {
      return await response.json();
    } catch {
      // An answer that is cut off, or not from the board at all, is as good as none.
      throw new ApiError({ status: 0 });
    }
  }

  const get = async (path, options) => read(await ask(`/api/moderation${path}`, options));
  const send = (path, body, method = 'POST') => get(path, json(body, method));

  /** Does `one` to each of `ids`, a few at a time, and answers `[id, outcome]` of each. */
  async function each(ids, one) {
    const outcomes = [];
    const left = [...ids];
    const work = async () => {
      for (let id = left.shift(); id; id = left.shift()) outcomes.push([id, await one(id)]);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    return outcomes;
  }

  async function remove(id, query = '') {
    try {
      await ask(`/api/messages/${encodeURIComponent(id)}${query}`, { method: 'DELETE' });
      return 'done';
    } catch (error) {
      if (error.status === 404) return 'not-found';
      if (error.status === 409) return 'changed';
      throw error;
    }
  }

  const pathOf = (which, after) => `/${which}?limit=${PAGE}${after ? `&after=${encodeURIComponent(after)}` : ''}`;
  async function posted(before) {
    const { messages, next } = await messagesBefore(before, PAGE);
    return { messages: messages.map((message) => ({ ...message, status: 'posted' })), next };
  }

  const orFailed = (action) => action.catch((error) => ({ error }));

  return {
    /**
     * Exchanges a moderator's token, or the code of a sign-in link, for a session: `{ token, moderator, expiresAt }`. Fails
     * where the board does not take it, or cannot be asked.
     */
    async signIn({ token = '', code }) {
      // No header can carry other characters, so such a token is wrong.
      if (!/^[\x21-\x7e]*$/.test(token)) throw new ApiError({ status: 403 });
      return read(await askBoard('/api/moderation/session', token, json({ code })));
    },

    /** `{ moderator, expiresAt, held, removed, refused, posting, mostPosting }`. */
    waiting: () => get(''),

    /** A page of what is `held`, `removed` or `posted`, which all may read. */
    list: (which, after = null) => (which === 'posted' ? posted(after) : get(pathOf(which, after))),

    async picture(id) {
      return (await ask(`/api/moderation/picture/${encodeURIComponent(id)}`)).blob();
    },

    /** The operator's pictures that were taken down: `{ url, since }` of each. */
    removedPictures: async () => (await get('/pictures')).pictures,
    async removedPicture(url) {
      return (await ask(`/api/moderation/pictures/content?url=${encodeURIComponent(url)}`)).blob();
    },
    takePictureDown: (url) => ask('/api/moderation/pictures/take-down', json({ url })),
    /** Restores a picture, and answers its address, which is another one now. */
    restorePicture: async (url) => (await send('/pictures/restore', { url })).url,

    /** `approve`, `reject` or `restore`: answers what became of each, as `[id, outcome]`. */
    async decide(decision, ids) {
      const outcomes = [];
      for (let start = 0; start < ids.length; start += AT_ONCE) {
        const some = ids.slice(start, start + AT_ONCE);
        const answer = await orFailed(send(`/${decision}`, { messageIds: some }));
        // Where the first request fails, it is not known that anything is done; after it, some of it is.
        if (answer.error && start === 0) throw answer.error;
        outcomes.push(...(answer.outcomes?.map(({ messageId, outcome }) => [messageId, outcome]) ?? some.map((id) => [id, 'failed'])));
      }
      return outcomes;
    },

    /** Takes one message down; for many, `takeAllDown`. */
    takeDown: (id) => remove(id),
    takeAllDown: (ids) => each(ids, (id) => remove(id).catch(() => 'failed')),
    deleteForever: (ids) => each(ids, (id) => remove(id, '?forever=true').catch(() => 'failed')),

    /** What `removeSender` would remove: how many messages, under which names, since when. */
    sender: (id) => get(`/sender?messageId=${encodeURIComponent(id)}`),
    /** Takes down what the message's sender posted that day, and answers how many messages that were. */
    removeSender: async (id) => (await send('/remove-sender', { messageId: id })).removed,
    /** The newest 20 of what a message's sender posted that day beside it. */
    others: async (id) => (await get(`/sender/messages?messageId=${encodeURIComponent(id)}`)).messages,
    /** Of each sender that is refused, the newest message. */
    async refused() {
      const ids = [];
      let after = null;
      do {
        const page = await get(pathOf('refused', after));
        ids.push(...page.messageIds);
        after = page.next;
      } while (after);
      return ids;
    },
    /** A page of what moderators did: `{ entries, next }`. */
    log: (after = null) => get(pathOf('log', after)),
    letIn: (id) => send('/let-in', { messageId: id }),
    /** Refuses a message's sender, and leaves what there is of that sender. */
    refuse: (id) => ask('/api/moderation/refuse', json({ messageId: id })),
    /** `{ posting, mostPosting }` as it is then. */
    setPosting: (posting) => send('/posting', { posting }, 'PUT'),
  };
}
