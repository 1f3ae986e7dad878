// Moderators at their page, and what they see there.

import assert from 'node:assert/strict';
import { eventually } from './visitor.js';

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1_440, height: 900 };
/** Each visitor's address is told by whoever is in front of the board. */
export const settings = { POSTING: 'reviewed', CORKBOARD_TRUSTED_PROXY: '127.0.0.0/8', BOARD_NAME: 'Hillside' };
/** Complaints of the browser that are expected: the page asks for messages that are not on the board yet, or any more. */
export const expected = [/status of 404/, /status of 410/];

export const current = (page) => page.locator('.review__item.is-current');
const waiting = (page) => page.locator('.review-card__text').allTextContents();
export const waitFor = (page, texts) => eventually(async () => assert.deepEqual(await waiting(page), texts));
export const inBoard = async (board) => (await board.json('/api/messages')).messages.map(({ text }) => text);
export const onBoard = (board, texts) => eventually(async () => assert.deepEqual(await inBoard(board), texts));
export const hears = (page, pattern) => eventually(async () => assert.match(await page.locator('#announcer').textContent(), pattern));

export async function signIn(page, board, { forWeek = false } = {}) {
  await page.goto(`${board.site}#moderate`);
  await page.getByLabel('Moderator token').fill(await board.moderatorToken());
  if (forWeek) await page.getByLabel(/Stay signed in/).check();
  await page.getByRole('button', { name: 'Moderate', exact: true }).click();
  await page.locator('.review').waitFor();
}

/** Moderates in this tab for longer than any test takes, as after signing in, without a view of the queue. */
export async function moderateInTab(page, board) {
  const session = { token: await board.moderatorToken(), until: Date.now() + 3_600_000 };
  await page.evaluate((kept) => sessionStorage.setItem('corkboard:moderator', JSON.stringify(kept)), session);
  await page.reload();
  await page.getByText('You are moderating.').waitFor();
}

/** Signs in by a link, which has a name. */
export async function signInByLink(page, board, name) {
  const link = await board.moderatorToken('--name', name, '--link');
  await page.goto('about:blank');
  await page.goto(`${board.site}#moderate=${link.slice(link.indexOf('=') + 1)}`);
  await page.locator('.review').waitFor();
}
