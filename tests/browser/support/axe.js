// What axe-core finds against WCAG 2.2 A and AA and its best practices: nothing, it is hoped.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const SOURCE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * The body of a function that answers the violations, in a line for each rule, once nothing fades in any more. The page's
 * policy lets no other scripts in; axe-core comes through the debugger.
 */
export const FIND_VIOLATIONS = `
  if (!window.axe) { ${SOURCE} }
  const short = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < 1_000);
  return Promise.allSettled(short.map(({ finished }) => finished)).then(() => window.axe.run(document, { resultTypes: ['violations'] })).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')));`;
