// Pictures that the operator put there by hand, as moderators have them on the page.

import assert from 'node:assert/strict';
import { eventually } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

const inCarrousel = async (board) => (await board.json('/carrousel/carrousel.json')).map(({ url }) => url);
const carrouselHas = (board, ...patterns) => eventually(async () => {
  const urls = await inCarrousel(board);
  assert.equal(urls.length, patterns.length, urls.join(' '));
  for (const [at, pattern] of patterns.entries()) assert.match(urls[at], pattern);
});

async function moderate({ page }, board) {
  await page.goto(`${board.site}#moderate`);
  await page.getByLabel('Moderator token').fill(await board.moderatorToken());
  await page.getByRole('button', { name: 'Moderate', exact: true }).click();
  await page.locator('.review').waitFor();
}

const toBoard = ({ page }) => page.getByRole('button', { name: 'Board', exact: true }).click();

boardTest('a picture without a message is taken down on the carrousel, undone, and restored under "Taken down"', { expected: [/status of 404/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postPicture('of a message', 'small.jpg');
  await board.putPicture('images/summer.png', 'drawing.png');
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/, /summer\.png$/);
  const takeDown = page.getByRole('button', { name: 'Take this picture down' });
  await page.reload();
  await page.locator('.carrousel__tile').nth(1).waitFor();
  assert.equal(await takeDown.count(), 0, 'for moderators alone');

  await moderate(visitor, board);
  await toBoard(visitor);
  await page.getByRole('img', { name: /summer/ }).waitFor();
  await eventually(async () => assert.equal(await takeDown.count(), 1, 'a message has its own button'));
  assert.deepEqual(await visitor.violations(), []);
  await takeDown.click();
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/);
  await page.getByText('1 picture taken down.').first().waitFor();
  await takeDown.waitFor({ state: 'detached' });

  await page.locator('.moderation-bar__undo').click();
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/, /summer-[0-9A-Z]{26}\.png$/);

  const [, restored] = await inCarrousel(board);
  await board.moderate('/pictures/take-down', { method: 'POST', body: { url: restored } });
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/);
  await page.locator('.moderation-bar__queue').click();
  await page.locator('#review-removed').click();
  const list = page.locator('.review__pictures');
  const item = list.getByRole('listitem').filter({ hasText: 'summer' });
  await item.waitFor();
  await eventually(async () => assert.ok(await item.locator('img').evaluate((image) => image.naturalWidth > 0)));
  assert.deepEqual(await visitor.violations(), []);
  await item.getByRole('button', { name: /Restore: summer/ }).click();
  await list.waitFor({ state: 'hidden' });
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/, /summer-[0-9A-Z]{26}\.png$/);
});

boardTest('a picture without a message is taken down while it is looked at, and the page undoes it', { expected: [/status of 404/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postPicture('of a message', 'small.jpg');
  await board.putPicture('images/summer.png', 'drawing.png');
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/, /summer\.png$/);
  await moderate(visitor, board);
  await toBoard(visitor);
  await page.getByRole('button', { name: 'All pictures' }).click();
  await page.getByRole('button', { name: /summer/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Picture', exact: true });
  const takeDown = dialog.getByRole('button', { name: 'Take this picture down' });
  await takeDown.waitFor();
  assert.deepEqual(await visitor.violations(), []);
  // A message has its own button on its card.
  await page.keyboard.press((await page.locator('.picture-dialog__count').textContent()) === '1 of 2' ? 'ArrowRight' : 'ArrowLeft');
  await takeDown.waitFor({ state: 'detached' });
  await page.keyboard.press((await page.locator('.picture-dialog__count').textContent()) === '1 of 2' ? 'ArrowRight' : 'ArrowLeft');
  await takeDown.click();
  await dialog.waitFor({ state: 'hidden' });
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/);
  await page.keyboard.press('Escape');
  await page.locator('.moderation-bar__undo').click();
  await carrouselHas(board, /[0-9A-Z]{26}\.jpg$/, /summer-[0-9A-Z]{26}\.png$/);
});
