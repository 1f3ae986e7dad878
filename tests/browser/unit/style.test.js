import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { SITE } from '../support/dictionaries.js';

const source = (name) => readFileSync(new URL(name, SITE), 'utf8');

/** The classes that style.css has and nothing uses, and the custom properties that nothing reads or sets. */
function faultsOf({ css, html, code }) {
  const rules = css.replace(/\/\*.*?\*\//gs, '');
  const found = (text, pattern) => new Set([...text.matchAll(pattern)].map(([, name]) => name));
  const styled = found(rules, /\.([a-z][\w-]*)/g);
  const given = new Set([...found(html, /class="([^"]+)"/g)].flatMap((names) => names.split(' ')));
  // Where a script puts a class onto an element, or looks for an element by its class.
  const named = new Set([...found(code, /['"`]([^'"`\n]*)['"`]/g)].flatMap((text) => text.split(/[^\w-]+/)));
  const set = new Set([...found(rules, /(?<![\w-])(--[\w-]+):/g), ...found(code, /setProperty\('(--[\w-]+)'/g)]);
  const read = found(rules, /var\((--[\w-]+)/g);
  return [
    ...[...styled].filter((name) => !given.has(name) && !named.has(name)).map((name) => `.${name}: nothing has this class`),
    ...[...set].filter((name) => !read.has(name)).map((name) => `${name}: nothing reads this property`),
    ...[...read].filter((name) => !set.has(name)).map((name) => `${name}: nothing sets this property`),
  ];
}

const all = (ending) => readdirSync(SITE).filter((name) => name.endsWith(ending)).map(source).join('\n');
const modules = all('.js');
// Some of the page is made by its modules.
const site = { css: all('.css'), html: `${source('index.html')}${modules}`, code: modules };

test('the style sheets style what there is, and nothing else', () => {
  assert.deepEqual(faultsOf(site), []);
});

for (const [what, fault, changed] of [
  ['a rule for what is not there', '.nowhere-used: nothing has this class', { css: `${site.css} .nowhere-used { color: red; }` }],
  ['a property that nothing reads', '--unread: nothing reads this property', { css: `${site.css} :root { --unread: 1px; }` }],
  ['a property that nothing sets', '--unset: nothing sets this property', { css: `${site.css} .icon { top: var(--unset); }` }],
]) {
  test(`the check finds ${what}`, () => assert.deepEqual(faultsOf({ ...site, ...changed }), [fault]));
}
