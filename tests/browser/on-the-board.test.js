// What is on the board already, as moderators choose among it in their view.

import assert from 'node:assert/strict';
import { DESK, PHONE, current, expected, onBoard, settings, signIn, waitFor } from './support/moderators.js';
import { eventually, look } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

const open = { ...settings, POSTING: 'open' };
const tab = (page) => page.getByRole('tab', { name: 'On the board' });

boardTest('forty messages of forty addresses go from an open board in at most six clicks, and come back in one', { settings: open, expected, viewport: PHONE }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.post('a wise word', { headers: { 'X-Forwarded-For': '192.0.2.1' } });
  await board.postFromAll(Array.from({ length: 40 }, (_, at) => `CHEAP WATCHES ${at}`));
  await board.post('another one', { headers: { 'X-Forwarded-For': '192.0.2.2' } });
  await signIn(page, board);
  let clicks = 0;
  const click = async (locator) => {
    await locator.click();
    clicks += 1;
  };
  await click(tab(page));
  const card = (text) => page.locator('.review-card').filter({ has: page.getByText(text, { exact: true }) });
  await click(card('CHEAP WATCHES 39').getByLabel('Choose this message'));
  await click(card('CHEAP WATCHES 0').getByRole('button', { name: 'Choose all up to here' }));
  await page.getByText('40 chosen').waitFor();
  assert.deepEqual(await visitor.violations(), []);
  await click(page.locator('.review__bar').getByRole('button', { name: 'Take down' }));
  assert.ok(clicks <= 6, `${clicks} clicks`);
  await waitFor(page, ['another one', 'a wise word']);
  await onBoard(board, ['another one', 'a wise word']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.equal((await board.json('/api/messages?limit=50')).messages.length, 42));
  await eventually(async () => assert.equal(await page.locator('.review-card').count(), 42));
  assert.equal(await tab(page).textContent(), 'On the board 42');
});

boardTest('what is on the board is taken down by key, and nothing approves it; its pages follow', { settings: open, expected, viewport: DESK }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postMany(53);
  await board.postPicture('with a picture', 'small.jpg');
  await signIn(page, board);
  await tab(page).click();
  await current(page).getByText('with a picture').waitFor();
  assert.ok((await look(current(page).locator('img'))).width > 0);
  assert.equal(await tab(page).textContent(), 'On the board ', 'the count is not known');
  await page.getByText('1 of 50+').waitFor();
  await page.getByLabel('Choose the newest 50').waitFor();
  assert.deepEqual(await visitor.violations(), []);
  await page.getByRole('button', { name: 'Show more' }).first().click();
  await page.getByText('1 of 54').waitFor();
  await page.keyboard.press('a');
  await page.keyboard.press('r');
  await page.locator('.review__last').getByText('1 taken down.').waitFor();
  await eventually(async () => assert.deepEqual((await board.moderate('/removed')).messages.map(({ text }) => text), ['with a picture']));
  assert.match(await current(page).textContent(), /number 53/);
  await page.getByRole('button', { name: 'Board', exact: true }).click();
  await visitor.message('number 53').waitFor();
  await eventually(async () => assert.equal(await visitor.message('with a picture').count(), 0));
  await page.locator('.moderation-bar').getByRole('button', { name: 'Undo' }).click();
  await visitor.message('with a picture').waitFor();
});

boardTest('everything from a sender goes from the board, whose pages were all read', { settings: open, expected: [...expected, /status of 403/], viewport: PHONE }, async ({ board, visitor }) => {
  const { page } = visitor;
  const sender = { author: 'Mallory', headers: { 'X-Forwarded-For': '192.0.2.7' } };
  for (const text of ['spam 1', 'spam 2']) await board.post(text, sender);
  await board.post('fine', { headers: { 'X-Forwarded-For': '192.0.2.8' } });
  await signIn(page, board);
  await tab(page).click();
  await waitFor(page, ['fine', 'spam 2', 'spam 1']);
  await page.locator('.review-card', { hasText: 'spam 1' }).getByRole('button', { name: 'Everything from this sender' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await waitFor(page, ['fine']);
  await tab(page).press('ArrowLeft');
  await waitFor(page, ['spam 2', 'spam 1']);
  await page.getByRole('tab', { name: 'Taken down' }).press('ArrowRight');
  await waitFor(page, ['fine']);
  await tab(page).press('ArrowRight');
  await page.getByText('Nothing waits.').waitFor();
});
