import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitLinks } from '../../../static-site/links.js';

/** The text with its addresses in ‹›. */
const marked = (text) => splitLinks(text).map((part) => (part.href ? `‹${part.text}›` : part.text)).join('');

const examples = {
  'no address': 'no address',
  '': '',
  'see https://example.com/a?b=c#d now': 'see ‹https://example.com/a?b=c#d› now',
  'HTTP://EXAMPLE.COM': '‹HTTP://EXAMPLE.COM›',
  'Is it https://example.com/? Yes.': 'Is it ‹https://example.com/›? Yes.',
  'at https://example.com/a_(b), or (https://example.com/c).': 'at ‹https://example.com/a_(b)›, or (‹https://example.com/c›).',
  'https://a.example https://b.example': '‹https://a.example› ‹https://b.example›',
  '看（https://zh.wikipedia.org/wiki/臺灣）。': '看（‹https://zh.wikipedia.org/wiki/臺灣›）。',
  '在https://example.com/x，很好': '在‹https://example.com/x›，很好',
  '「https://example.com」': '「‹https://example.com›」',
  '"https://example.com/q"': '"‹https://example.com/q›"',
  '<https://example.com>': '<‹https://example.com›>',
  'https:// and http://': 'https:// and http://',
  'javascript:alert(1) data:text/html,x ftp://a.example file:///x': 'javascript:alert(1) data:text/html,x ftp://a.example file:///x',
  'https://[not-an-address/': 'https://[not-an-address/',
};

for (const [text, expected] of Object.entries(examples)) {
  test(`links in: ${text}`, () => {
    assert.equal(marked(text), expected);
    assert.equal(splitLinks(text).map((part) => part.text).join(''), text, 'nothing is lost');
  });
}

test('a link leads where its text says, and only to the web', () => {
  const [{ href }] = splitLinks('https://user@evil.example/');
  assert.equal(href, 'https://user@evil.example/');
  for (const { href: found } of Object.keys(examples).flatMap(splitLinks)) if (found) assert.match(found, /^https?:\/\//);
});

test('of an address with nothing but brackets nothing is lost', () => {
  const text = `https://example.com/${')'.repeat(2_000)}`;
  assert.equal(splitLinks(text).map((part) => part.text).join(''), text);
});
