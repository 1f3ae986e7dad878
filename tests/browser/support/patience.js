// How long tests wait at most. Generous, for a busy machine; nothing waits longer than it must.

export const WITHIN_MS = Number(process.env.WITHIN_MS ?? 30_000);

/** For what takes long by itself: the start of a browser, a database or a board, and a small version, of which one that is not made in time is refused after 18 s. */
export const SLOW_WITHIN_MS = 4 * WITHIN_MS;
