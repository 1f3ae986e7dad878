// How moderators sign in, how long they stay so, and what is left of it.

import assert from 'node:assert/strict';
import { expected, settings, signIn } from './support/moderators.js';
import { eventually } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

boardTest('a moderator stays signed in for a week where that is wanted, and leaves nothing after that', { settings, expected }, async ({ board, visitor }) => {
  await signIn(visitor.page, board, { forWeek: true });
  const other = await visitor.openTab(board.site);
  await other.page.getByText('You are moderating.').waitFor();
  await other.page.close();
  await visitor.page.getByRole('button', { name: 'Sign out' }).click();
  await visitor.find('.masthead').waitFor();
  const token = await board.moderatorToken();
  assert.equal(await visitor.page.evaluate((secret) => (JSON.stringify(localStorage) + JSON.stringify(sessionStorage)).includes(secret), token), false);

  await signIn(visitor.page, board, { forWeek: true });
  await visitor.page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('corkboard:moderator'));
    localStorage.setItem('corkboard:moderator', JSON.stringify({ ...kept, until: Date.now() - 1 }));
    sessionStorage.clear();
  });
  await visitor.page.goto(board.site);
  await visitor.page.reload();
  await visitor.page.getByText('it is over. Sign in again.').waitFor();
  assert.deepEqual(await visitor.violations(), []);
  await eventually(async () => assert.equal(await visitor.page.getByText('You are moderating.').isVisible(), false));
  await eventually(async () => assert.equal(await visitor.page.evaluate(() => localStorage.getItem('corkboard:moderator')), null));
});

boardTest('a link signs a moderator in by name, and its code is nowhere afterwards', { settings, expected: [...expected, /status of 403/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  const token = await board.moderatorToken('--name', 'Ada', '--link');
  const code = token.slice(token.indexOf('=') + 1);
  await page.goto('about:blank');
  await page.goto(`${board.site}#moderate=${code}`);
  await page.getByText(/Signed in as Ada · until .*\d/).waitFor();
  assert.equal(new URL(page.url()).hash, '#moderate');
  assert.deepEqual(await visitor.violations(), []);
  const kept = () => page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!(await kept()).includes(code));
  const other = await visitor.openTab(board.site);
  await other.page.getByText('You are moderating.').waitFor();
  await other.page.close();
  await page.getByRole('button', { name: 'Sign out' }).click();
  assert.ok(!(await kept()).includes('Ada.'));

  await page.goto('about:blank');
  await page.goto(`${board.site}#moderate=${code}A`);
  await page.getByText('The board does not accept this link').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('of a token only a session of a week is kept', { settings, expected }, async ({ board, visitor }) => {
  await signIn(visitor.page, board, { forWeek: true });
  await visitor.page.getByText('Signed in without a name').waitFor();
  const token = await board.moderatorToken();
  assert.ok(!(await visitor.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes(token));
});
