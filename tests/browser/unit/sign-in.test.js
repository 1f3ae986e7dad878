import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeIn } from '../../../static-site/sign-in.js';

const MAC = `${'aB3-_'.repeat(8)}xyz`;

test('the code of a link is found whatever stands around it', () => {
  for (const code of [`Ada.1767225600.${MAC}`, `-.1767225600.${MAC}`]) {
    for (const [before, behind] of [['', ''], ['http://127.0.0.1:8080/#moderate=', ''], ['<https://board.example/#moderate=', '>.'], ['', ')'], ['', '&utm_source=mail'], ['', '%20'], [' ', '\n']]) {
      assert.equal(codeIn(`${before}${code}${behind}`), code);
    }
  }
});

test('nothing else is taken for a code', () => {
  for (const text of ['', MAC, `Ada.${MAC}`, `Ada.1767225600.${MAC}A`, `Ada.1767225600.${MAC.slice(1)}`, 'value']) assert.equal(codeIn(text), null, text);
});
