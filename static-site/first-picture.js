// The picture that the carrousel begins with. index.html has this module as a script of its own, so that it is asked for
// while the other modules are still on their way.

import { point, smallOf } from './small.js';

const LIST = '/carrousel/newest.json';

/** Whether the API is at this site: where it is elsewhere, there is no such list. */
const isHere = !document.querySelector('meta[name="api-base"]').content;
/** The options of `rel="preload"`: with these alone Chromium, Firefox and WebKit all take the answer that is preloaded. */
export const AS_PRELOADED = isHere ? { mode: 'no-cors', credentials: 'include' } : {};
let answer = isHere ? fetch(LIST, { ...AS_PRELOADED, signal: AbortSignal.timeout(40_000) }) : null;
let first = null;
if (isHere) answer.then(ask).catch(() => {});

/** The answer to the request for the list, which is given away once; null for all other paths. */
export function answered(path) {
  if (path !== LIST) return null;
  const mine = answer;
  answer = null;
  return mine;
}

/** An `<img>` for the picture at `url`: the one that is on its way, unless that has failed. */
export function imageFor(url) {
  const image = first;
  if (image?.getAttribute('src') !== url || (image.complete && image.naturalWidth === 0)) return new Image();
  first = null;
  return image;
}

async function ask(response) {
  const [newest] = await response.clone().json();
  // A visit by a link to a message goes past the carrousel, and a hidden page shows nothing.
  if (!newest || window.location.hash || document.visibilityState !== 'visible') return;
  const { url } = newest;
  first = new Image();
  first.fetchPriority = 'high';
  // The narrowest version does for a tile, and often for the card as well.
  point(first, { url, versions: smallOf(url), width: 1 });
}
