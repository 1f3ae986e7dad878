import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countCharacters, normalize, replaceLoneSurrogates } from '../../../static-site/input-normalization.js';

test('characters are counted as the board does', () => {
  assert.equal(countCharacters('  日本🎈\n'), 3);
  // To the board a byte order mark is no white space.
  assert.equal(countCharacters(' \u00a0a\ufeff \u3000'), 2);
});

test('a text keeps its lines and tabs and loses what is invisible', () => {
  assert.deepEqual(normalize('text', 'a\tb\r\nc\rd\ve\ff\u0085g\u2028h\u2029i'), { value: 'a\tb\nc\nd\ne\nf\ng\nh\ni', dropped: false });
  assert.deepEqual(normalize('text', 'a\0b\x1bc\x7fd\x9f'), { value: 'abcd', dropped: true });
  assert.deepEqual(normalize('text', 'שלום \u200fa\u202e'), { value: 'שלום \u200fa\u202e', dropped: false }, 'what turns the writing is part of a text');
});

test('a name or a description fits on one line and turns no writing round', () => {
  for (const field of ['author', 'alt']) {
    assert.deepEqual(normalize(field, 'a\u2028b\tc\r\nd'), { value: 'a b c d', dropped: false });
    assert.deepEqual(normalize(field, 'a\u202eb\u2066c\u061cd\u0007'), { value: 'abcd', dropped: true });
  }
});

test('half a character becomes the sign for one', () => {
  assert.equal(replaceLoneSurrogates('a\ud83d b\ude00 😀'), 'a\ufffd b\ufffd 😀');
});
