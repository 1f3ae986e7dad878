// What people wrote, with its web addresses as links. It is only ever set as text.

import { splitLinks } from './linkify.js';

/** The text as nodes. */
export const withLinks = (text) => splitLinks(text).map(createPart);

function createPart({ text, href, host }) {
  if (!href) return document.createTextNode(text);
  const link = document.createElement('a');
  link.href = href;
  link.rel = 'nofollow ugc noopener noreferrer';
  link.textContent = text;
  // An address can be written by anyone, so it is read from left to right whatever is around it.
  link.dir = 'ltr';
  if (host) link.dataset.host = host;
  return link;
}
