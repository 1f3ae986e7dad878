// A test with a fresh board and a visitor of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Board } from './corkboard.js';
import { Visitor, closeBrowser, openBrowser } from './visitor.js';

before(openBrowser);
after(closeBrowser);

/**
 * @param options `settings` of the board; `expected`, complaints of the browser that belong to
 * the test, as patterns; everything else goes to the visitor. Any other complaint fails the test.
 */
export function boardTest(name, { settings, expected = [], ...options }, body) {
  test(name, { timeout: 180_000 }, async () => {
    const board = await Board.start(settings);
    let visitor;
    try {
      visitor = await Visitor.arrive(board.site, options);
      await body({ board, visitor });
      const unexpected = visitor.complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
      assert.deepEqual(unexpected, []);
    } finally {
      await visitor?.leave();
      await board.remove();
    }
  });
}
