// The picture dialog, as a visitor opens and closes it.

import assert from 'node:assert/strict';
import { png } from './shapes.js';
import { eventually } from './visitor.js';

export const CURRENT = '.picture-dialog__stage.is-current';
export const IMAGE = `${CURRENT} > .picture-dialog__image`;

export const isClosed = (visitor) => visitor.find('.picture-dialog').waitFor({ state: 'hidden' });
/** Where the page is in the history: each of the dialogs that are open has an entry of its own there. */
export const placeInHistory = ({ page }) => page.evaluate(() => history.state);
/** Waits until the page has gone back there, which it does a moment after a dialog is closed. What is opened before that is closed by it. */
export const historyIsBack = (visitor, place = null) => eventually(async () => assert.deepEqual(await placeInHistory(visitor), place));

export async function open(visitor, text) {
  await visitor.message(text).locator('.message__picture').click();
  await eventually(async () => assert.ok(await visitor.find(IMAGE).evaluate(({ complete, naturalWidth }) => complete && naturalWidth > 0)));
}

/** Three pictures of messages, the newest first: third, second, first. */
export async function postThree(board, { page }) {
  for (const [at, text] of ['first', 'second', 'third'].entries()) await board.postPicture(text, png(1_600, 1_200 + at), { author: 'Ada', alt: `picture ${text}` });
  await page.reload();
}
