// The service worker: shows the page, the last messages and the pictures that were seen where there is no network. With
// network, everything comes from there, so that nothing is ever old.
//
// `corkboard` stamps into it the site that it belongs to. A worker that is not stamped takes itself back with all it
// kept.

/** The digest of each file of the page (the first 16 hexadecimal digits of SHA-256) by its name, and one of all. */
const SITE = { version: '', files: {} };

const PREFIX = 'corkboard-';
const PAGE = `${PREFIX}page-${SITE.version}`;
const MESSAGES = `${PREFIX}messages`;
const PICTURES = `${PREFIX}pictures`;
const MOST_PICTURES = 100;
/** The requests that every view begins with. */
const BEGINNING = ['/api/messages', '/api/board', '/carrousel/newest.json'];

const SCOPE = new URL('./', self.location);
const addressOf = (name) => new URL(name, SCOPE).href;
/** The viewer's language: of all dictionaries its own alone is kept. */
const WORDS = new URL(self.location).searchParams.get('words');
const isWanted = (name) => !/(^|-)words-/.test(name) || name.endsWith(`words-${WORDS}.js`);

self.addEventListener('install', (event) => {
  void self.skipWaiting();
  if (SITE.version) event.waitUntil(keepPage());
});

self.addEventListener('activate', (event) => event.waitUntil(activate()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  // Requests that change something, and those of moderators, go past this worker, and their answers are not kept.
  if (!SITE.version || request.method !== 'GET' || request.headers.has('Authorization') || origin !== SCOPE.origin) return;
  const name = pathname.startsWith(SCOPE.pathname) ? pathname.slice(SCOPE.pathname.length) : null;
  if (name === '' || name in SITE.files) event.respondWith(fromNetworkOr(request, PAGE, addressOf(name || 'index.html')));
  else if (BEGINNING.includes(pathname) && !search) event.respondWith(freshest(event, MESSAGES));
  else if (pathname.startsWith('/small/')) event.respondWith(freshest(event, PICTURES));
});

/**
 * The page tells of pictures that it showed before it had this worker. A page that was on its way while the worker began
 * is not among those that it took over.
 */
self.addEventListener('message', (event) => {
  if (!SITE.version || !Array.isArray(event.data)) return;
  event.waitUntil(self.clients.claim());
  const seen = event.data.filter((url) => url.startsWith(`${SCOPE.origin}/small/`)).slice(-MOST_PICTURES);
  event.waitUntil(Promise.all(seen.map((url) => look(new Request(url, { cache: 'force-cache', mode: 'no-cors' }), PICTURES))).then(forgetOldest));
});

/** All files of one version or none: while a site is being replaced, some may be of another one. */
async function keepPage() {
  const names = Object.keys(SITE.files).filter(isWanted);
  const answers = await Promise.all(names.map((name) => fetch(addressOf(name), { cache: 'no-cache' })));
  await Promise.all(answers.map(async (answer, at) => {
    if (!answer.ok || (await digestOf(answer.clone())) !== SITE.files[names[at]]) throw new Error(`${names[at]} is of another version`);
  }));
  const cache = await caches.open(PAGE);
  await Promise.all(answers.map((answer, at) => cache.put(addressOf(names[at]), answer)));
}

async function activate() {
  const kept = SITE.version ? [PAGE, MESSAGES, PICTURES] : [];
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && !kept.includes(name)).map((name) => caches.delete(name)));
  if (!SITE.version) return self.registration.unregister();
  // These caches are made here only: an answer that an earlier worker still waits for is not kept once they were
  // dropped.
  await Promise.all([MESSAGES, PICTURES].map((name) => caches.open(name)));
  await self.clients.claim();
  // The view that registered this worker made these requests without it, so they are made once more.
  await Promise.all(BEGINNING.map((path) => look(new Request(new URL(path, SCOPE)), MESSAGES)));
}

async function fromNetworkOr(request, cacheName, kept) {
  try {
    return await fetch(request);
  } catch (error) {
    const answer = await caches.match(kept, { cacheName, ignoreVary: true });
    if (answer) return answer;
    throw error;
  }
}

/** The network's answer, which is kept; else the kept one. A request whether something changed fails without network. */
async function freshest(event, cacheName) {
  const { request } = event;
  try {
    const answer = await fetch(request);
    event.waitUntil(keep(request, answer.clone(), cacheName).then(forgetOldest));
    return answer;
  } catch (error) {
    const kept = !request.headers.has('If-None-Match') && (await caches.match(request.url, { cacheName, ignoreVary: true }));
    if (kept) return kept;
    throw error;
  }
}

async function look(request, cacheName) {
  const answer = await fetch(request).catch(() => null);
  if (answer) await keep(request, answer, cacheName);
}

/** Keeps an answer, or removes what was kept where the answer says that it was deleted. */
async function keep(request, answer, cacheName) {
  const isGone = [404, 410].includes(answer.status) || answer.headers.get('Content-Length') === '0';
  const cache = await existing(cacheName);
  if (!cache) return;
  if (isGone) await cache.delete(request.url, { ignoreVary: true });
  else if (answer.status === 200 && !answer.redirected) await cache.put(request.url, answer);
}

const existing = async (name) => ((await caches.has(name)) ? caches.open(name) : null);

async function forgetOldest() {
  const cache = await existing(PICTURES);
  const pictures = (await cache?.keys()) ?? [];
  await Promise.all(pictures.slice(0, Math.max(0, pictures.length - MOST_PICTURES)).map((picture) => cache.delete(picture, { ignoreVary: true })));
}

async function digestOf(answer) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await answer.arrayBuffer()));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
