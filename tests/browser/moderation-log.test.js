// What moderators did, as their page tells it.

import assert from 'node:assert/strict';
import { PHONE, current, expected, onBoard, settings, signIn, signInByLink } from './support/moderators.js';
import { eventually } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

boardTest('the log says who did what, in both languages', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['one', 'two']);
  await signInByLink(page, board, 'Ada');
  await page.getByRole('button', { name: 'Approve' }).first().click();
  await onBoard(board, ['one']);
  await page.getByText('Who did what').click();
  const log = page.locator('.review__log li');
  await log.getByText('Ada').waitFor();
  assert.match(await log.textContent(), /Ada approved [0-9A-Z]{26}/);
  assert.match(await log.getByRole('link').getAttribute('href'), /^#[0-9A-Z]{26}$/);
  assert.deepEqual(await visitor.violations(), []);
  await page.getByRole('button', { name: 'Board' }).click();
  await visitor.speak('zh-Hant');
  await page.evaluate(() => (location.hash = '#moderate'));
  await eventually(async () => assert.match(await log.textContent(), /Ada 通過了/));
});

boardTest('the log is read to its end, and stays open whatever is done beside it', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.post('judged');
  for (let act = 0; act < 55; act += 1) await board.moderate('/posting', { method: 'PUT', body: { posting: ['closed', 'reviewed'][act % 2] } });
  await signIn(page, board);
  const lines = page.locator('.review__log > ol > li');
  const areShown = (count) => eventually(async () => assert.equal(await lines.count(), count));
  await page.getByText('Who did what').click();
  await areShown(50);
  await page.locator('.review__log').getByRole('button', { name: 'Show more' }).click();
  await areShown(55);
  await lines.first().click();
  await page.getByText('What else this sender posted').click();
  await page.locator('.review-card__others').getByText('Nothing else is known.').click();
  await page.locator('.review__log summary').click();
  await page.locator('.review__log summary').click();
  assert.deepEqual(await page.locator('details').evaluateAll((all) => all.filter(({ open }) => open).map(({ className }) => className)), ['review-card__others', 'review__log']);
  await current(page).getByRole('button', { name: 'Reject' }).click();
  await page.getByText('Nothing waits.').waitFor();
  assert.equal(await page.locator('.review__log').evaluate(({ open }) => open), true);
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('an act that the page has no words for is called as the board calls it', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  const entry = { id: '01KAAAAAAAAAAAAAAAAAAAAAAA', at: '2026-01-01T00:00:00.000Z', moderator: 'Ada', action: 'ban-for-good', messageId: null, url: null };
  await page.route('**/api/moderation/log*', (route) => route.fulfill({ json: { entries: [entry, { ...entry, id: '01J', action: 'approve' }], next: null } }));
  await signIn(page, board);
  await page.getByText('Who did what').click();
  const log = page.locator('.review__log');
  await log.getByText(/Ada ban-for-good/).waitFor();
  await log.getByText(/Ada approved/).waitFor();
});

boardTest('what is done at once is one line, and what is done while the log is open comes to stand in it', { settings, expected, viewport: PHONE }, async ({ board, visitor }) => {
  const { page } = visitor;
  const [first, ...others] = await board.postFromAll(['one', 'two', 'three', 'four']);
  await signIn(page, board);
  await page.getByLabel('Choose all').click();
  await page.getByText('4 chosen').waitFor();
  await page.locator('.review__no').click();
  await page.getByText('Nothing waits.').waitFor();
  await page.getByText('Who did what').click();
  const lines = page.locator('.review__log > ol > li');
  await lines.getByText('4 messages').click();
  await lines.getByText(first.id).waitFor();
  assert.equal(await lines.count(), 1);
  assert.equal(await lines.getByRole('link').count(), 0);
  for (const { id } of others) assert.ok((await lines.textContent()).includes(id));
  assert.deepEqual(await visitor.violations(), []);
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.match(await lines.first().textContent(), /restored/));

  // It waits again, so it is not on the board: that is said here.
  await lines.first().getByText('4 messages').click();
  await lines.first().getByRole('link').first().click();
  await page.getByText('It is not on the board now.').waitFor();
  assert.equal(await page.locator('.review').isVisible(), true);
  await board.moderate('/approve', { method: 'POST', body: { messageIds: [first.id] } });
  await onBoard(board, ['one']);
  await lines.first().getByText(first.id).click();
  await visitor.message('one').waitFor();
});

boardTest('a picture is called in the log as its file is', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  const entry = { id: '01KAAAAAAAAAAAAAAAAAAAAAAA', at: '2026-01-01T00:00:00.000Z', moderator: 'Ada', action: 'take-picture-down', messageId: null, url: '/images/%E9%A2%A8.png' };
  await page.route('**/api/moderation/log*', (route) => route.fulfill({ json: { entries: [entry], next: null } }));
  await signIn(page, board);
  await page.getByText('Who did what').click();
  await page.locator('.review__log').getByText('風.png').waitFor();
});
