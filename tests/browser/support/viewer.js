// The picture dialog, as a visitor opens and closes it.

import assert from 'node:assert/strict';
import { png } from './shapes.js';
import { eventually } from './visitor.js';

export const CURRENT = '.picture-dialog__stage.is-current';
export const IMAGE = `${CURRENT} > .picture-dialog__image`;

export const isClosed = (visitor) => visitor.find('.picture-dialog').waitFor({ state: 'hidden' });
export const historyIsBack = ({ page }) => eventually(async () => assert.equal(await page.evaluate(() => history.state), null));

export async function open(visitor, text) {
  await visitor.message(text).locator('.message__picture').click();
  await eventually(async () => assert.ok(await visitor.find(IMAGE).evaluate(({ complete, naturalWidth }) => complete && naturalWidth > 0)));
}

/** Three pictures of messages, the newest first: third, second, first. */
export async function postThree(board, { page }) {
  for (const [at, text] of ['first', 'second', 'third'].entries()) await board.postPicture(text, png(1_600, 1_200 + at), { author: 'Ada', alt: `picture ${text}` });
  await page.reload();
}
