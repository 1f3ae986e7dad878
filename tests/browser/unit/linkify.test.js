import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitLinks } from '../../../static-site/linkify.js';

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
  'https://example.com\\@evil.example/': '‹https://example.com›\\@evil.example/',
};

for (const control of '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069') {
  const name = `U+${control.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  examples[`${name}: https://example.com/a${control}gpj.exe`] = `${name}: ‹https://example.com/a›${control}gpj.exe`;
  examples[`${name}: https://${control}example.com/`] = `${name}: https://${control}example.com/`;
}

for (const [text, expected] of Object.entries(examples)) {
  test(`links in: ${text}`, () => {
    assert.equal(marked(text), expected);
    assert.equal(splitLinks(text).map((part) => part.text).join(''), text, 'nothing is lost');
  });
}

const deceiving = {
  // A capital i like an l.
  'https://paypaI.com/login': 'paypai.com',
  'https://GOOGIE.com': 'googie.com',
  'https://user@evil.example/': 'evil.example',
  'https://example.com:443@evil.example/': 'evil.example',
  'https:///evil.example/': 'evil.example',
  'http://2130706433/': '127.0.0.1',
  // Cyrillic letters, a slash that is none, a letter that is not seen.
  'https://аррӏе.com/': 'xn--80ak6aa92e.com',
  'https://example.com\u2044login.evil.example/': 'example.xn--comlogin-g03d.evil.example',
  'https://exam\u00adple.com/': 'example.com',
};

for (const [text, host] of Object.entries(deceiving)) {
  test(`a link says where it leads: ${text}`, () => {
    const [part] = splitLinks(text);
    assert.equal(part.host, host);
    assert.equal(new URL(part.href).hostname, host);
  });
}

test('of a link that leads where its text says nothing more is said', () => {
  for (const text of ['https://example.com/', 'HTTP://example.com:80/@a', 'http://[::1]/', 'https://example.com?u=@x', 'https://example.com#a']) {
    assert.equal(splitLinks(text)[0].host, null, text);
  }
});

test('a link leads to the web only', () => {
  for (const { href: found } of Object.keys(examples).flatMap(splitLinks)) if (found) assert.match(found, /^https?:\/\//);
});

test('of an address with nothing but brackets nothing is lost', () => {
  const text = `https://example.com/${')'.repeat(2_000)}`;
  assert.equal(splitLinks(text).map((part) => part.text).join(''), text);
});
