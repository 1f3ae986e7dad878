// How moderators sign in, how long they stay so, and what is left of it.

import assert from 'node:assert/strict';
import { expected, hears, settings, signIn, signInByLink, waitFor } from './support/moderators.js';
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
  // Only when the page goes: it would notice that by itself.
  await visitor.page.evaluate(() => {
    addEventListener('pagehide', () => {
      const kept = JSON.parse(localStorage.getItem('corkboard:moderator'));
      localStorage.setItem('corkboard:moderator', JSON.stringify({ ...kept, until: Date.now() - 1 }));
      sessionStorage.clear();
    });
  });
  await visitor.page.goto(board.site);
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

const isModerating = (page) => page.getByText('You are moderating.').isVisible();
const dialog = (page) => page.getByRole('dialog', { name: 'Moderate this board' });
/** What is kept of a session, on the device and in the tab. */
const kept = (page) => page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));

// The page goes on asking while the board is restarted.
boardTest('a session that was revoked is asked for again at whatever is done next, and what was not done is not in doubt', { settings, expected: [...expected, /status of 403/, /net::ERR_/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['one', 'two', 'three']);
  await signInByLink(page, board, 'Ada');
  await waitFor(page, ['one', 'two', 'three']);
  await board.kill();
  board.settings = { ...settings, MODERATORS_REVOKED: 'Ada' };
  await board.start();
  await page.keyboard.press('r');
  await dialog(page).getByText('The board no longer accepts this sign-in.').waitFor();
  assert.equal(await page.locator('.review').isVisible(), false);
  assert.equal(await isModerating(page), false);
  assert.equal(await page.title(), 'Hillside');
  assert.ok(!(await page.content()).includes('It is not known whether'));
  assert.ok(!(await kept(page)).includes('Ada.'));
  assert.deepEqual(await visitor.violations(), []);
  await dialog(page).getByLabel('Moderator token').fill(await board.moderatorToken());
  await page.getByRole('button', { name: 'Moderate', exact: true }).click();
  await waitFor(page, ['one', 'two', 'three']);
  assert.equal(await page.getByRole('tab', { name: 'Waiting' }).textContent(), 'Waiting 3');
});

boardTest('a week that is over is noticed in the tab where it began, also after a reload', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  const end = `() => {
    for (const store of [localStorage, sessionStorage]) store.setItem('corkboard:moderator', JSON.stringify({ ...JSON.parse(store.getItem('corkboard:moderator')), until: Date.now() - 1 }));
  }`;
  await board.postFromAll(['one', 'two']);
  const notices = [
    async () => {
      await page.evaluate(`(${end})()`);
      await page.keyboard.press('r');
    },
    async () => {
      // Only when the page goes: it would notice that by itself.
      await page.evaluate(`addEventListener('pagehide', ${end})`);
      await page.reload();
    },
  ];
  for (const notice of notices) {
    await signIn(page, board, { forWeek: true });
    await waitFor(page, ['one', 'two']);
    await notice();
    await dialog(page).getByText('You were signed in for a week, and it is over.').waitFor();
    assert.equal(await isModerating(page), false);
  }
  assert.deepEqual((await board.moderate('')).held, 2);
});

boardTest('a link that is followed while the token is asked for closes what asks', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await page.goto(`${board.site}#moderate`);
  await dialog(page).waitFor();
  const link = await board.moderatorToken('--name', 'Ada', '--link');
  await page.evaluate((hash) => (location.hash = hash), link.slice(link.indexOf('#')));
  await page.getByText(/Signed in as Ada/).waitFor();
  await dialog(page).waitFor({ state: 'hidden' });
});

boardTest('only what stands behind #moderate= is tried as a code', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await signIn(page, board);
  await page.getByRole('button', { name: 'Board', exact: true }).click();
  const sessions = [];
  page.on('request', (request) => request.url().endsWith('/session') && sessions.push(request.url()));
  await page.evaluate(() => (location.hash = '#name=value'));
  await page.evaluate(() => (location.hash = '#moderated=value'));
  await page.getByRole('link', { name: 'Waiting' }).click();
  await page.getByText('Nothing waits.').waitFor();
  assert.deepEqual(sessions, []);
});

boardTest('an old link changes nothing for who is signed in, and a link with signs behind it does', { settings, expected: [...expected, /status of 403/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['one']);
  await signInByLink(page, board, 'Ada');
  await waitFor(page, ['one']);
  await page.evaluate(() => (location.hash = '#moderate=Ada.1.of-last-week'));
  await page.getByText('The link was not needed: you are signed in already.').waitFor();
  await waitFor(page, ['one']);
  await page.getByText(/Signed in as Ada/).waitFor();
  assert.equal(new URL(page.url()).hash, '#moderate');
  assert.equal(await dialog(page).isVisible(), false);
  const link = await board.moderatorToken('--name', 'Bo', '--link');
  await page.evaluate((hash) => (location.hash = hash), `${link.slice(link.indexOf('#'))}&utm_source=mail).`);
  await page.getByText(/Signed in as Bo/).waitFor();
});

boardTest('a link in place of a token signs in as well', { settings, expected: [...expected, /status of 403/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await page.goto(`${board.site}#moderate`);
  const enter = async (text) => {
    await page.getByLabel('Moderator token').fill(text);
    await page.getByRole('button', { name: 'Moderate', exact: true }).click();
  };
  const link = await board.moderatorToken('--name', 'Ada', '--link');
  await enter(link.replace('Ada.', 'Bo.'));
  await dialog(page).getByText('The board does not accept this link').waitFor();
  await enter(`<${link}>.`);
  await page.getByText(/Signed in as Ada/).waitFor();
});

boardTest('of a moderator who signs out nothing is left for the next one, in any tab', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['rejected', 'secret']);
  await signInByLink(page, board, 'Ada');
  await waitFor(page, ['rejected', 'secret']);
  await page.getByText('Who did what').click();
  await page.keyboard.press('r');
  await page.locator('.review__last').getByText('1 rejected.').waitFor();
  await waitFor(page, ['secret']);
  const other = await visitor.openTab(board.site);
  await other.page.getByText('You are moderating.').waitFor();
  await page.bringToFront();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await hears(page, /You are signed out/);
  await other.page.getByText('You are moderating.').waitFor({ state: 'hidden' });
  for (const tab of [page, other.page]) {
    assert.ok(!(await kept(tab)).includes('Ada.'));
    assert.ok(!(await tab.content()).includes('secret'));
  }
  assert.ok(!(await page.content()).includes('1 rejected'));
  await other.page.close();

  await signIn(page, board);
  await waitFor(page, ['secret']);
  assert.equal(await page.getByRole('button', { name: 'Undo' }).isVisible(), false);
  // A link of another one while the first is signed in.
  await page.keyboard.press('r');
  await page.getByRole('button', { name: 'Undo' }).waitFor();
  const link = await board.moderatorToken('--name', 'Bo', '--link');
  await page.evaluate((hash) => (location.hash = hash), link.slice(link.indexOf('#')));
  await page.getByText(/Signed in as Bo/).waitFor();
  await page.getByRole('button', { name: 'Undo' }).waitFor({ state: 'hidden' });
  await page.getByText('Nothing waits.').waitFor();
});
