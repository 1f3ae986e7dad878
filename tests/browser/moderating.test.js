import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

async function enter(visitor, board, token) {
  await visitor.page.goto(`${board.site}#moderate`);
  await visitor.page.getByLabel('Moderator token').fill(token);
  await visitor.page.getByRole('button', { name: 'Moderate', exact: true }).click();
}

async function moderate(visitor, board, token) {
  await enter(visitor, board, token);
  await visitor.page.getByRole('button', { name: 'Board', exact: true }).click();
  await visitor.page.getByText('You are moderating.').waitFor();
}

const removeSender = async (visitor, message) => (await visitor.inMenu(message, 'Everything from this sender…')).click();

const takeDown = async (visitor, message) => (await visitor.inMenu(message, 'Take down')).click();

const takeDownButton = (message) => message.locator('.message__moderate', { hasText: 'Take down' });

boardTest('a moderator takes down any message, for as long as the tab is open', { expected: [/status of 404/] }, async ({ board, visitor }) => {
  await board.post('unwanted');
  await board.post('welcome');
  await visitor.page.reload();
  await eventually(async () => assert.equal(await takeDownButton(visitor.message('unwanted')).count(), 0));

  await moderate(visitor, board, await board.moderatorToken());
  assert.equal(visitor.page.url(), board.site, 'the address no longer asks');
  assert.deepEqual(await visitor.violations(), []);
  await visitor.page.reload();
  await takeDown(visitor, visitor.message('unwanted'));
  await visitor.message('unwanted').waitFor({ state: 'detached' });
  await visitor.focusIsAt(visitor.message('welcome'));
  assert.deepEqual((await board.json('/api/messages')).messages.map(({ text }) => text), ['welcome']);

  const other = await visitor.openTab(board.site);
  await other.message('welcome').waitFor();
  await eventually(async () => assert.equal(await takeDownButton(other.message('welcome')).count(), 0, 'another tab is another matter'));
  assert.equal(await visitor.page.evaluate((token) => JSON.stringify(localStorage).includes(token), await board.moderatorToken()), false);

  await visitor.page.getByRole('button', { name: 'Sign out' }).click();
  await takeDownButton(visitor.message('welcome')).waitFor({ state: 'detached' });
  await visitor.page.reload();
  await visitor.message('welcome').waitFor();
  await eventually(async () => assert.equal(await takeDownButton(visitor.message('welcome')).count(), 0));
});

boardTest('a moderator removes everything from a sender, also what is further down', {
  settings: { CORKBOARD_TRUSTED_PROXY: '127.0.0.0/8' },
  expected: [/status of 40[34]/],
}, async ({ board, visitor }) => {
  const sender = (address) => ({ headers: { 'X-Forwarded-For': address } });
  await board.post('a wise word', sender('192.0.2.1'));
  // The visitor's own address.
  for (let number = 1; number <= 4; number += 1) await board.post(`spam ${number}`);
  for (let number = 1; number <= 20; number += 1) await board.post(`word ${number}`, sender('192.0.2.1'));
  await board.post('spam 5');
  await visitor.page.reload();
  await visitor.askForOlder();
  await visitor.message('a wise word').waitFor();
  await moderate(visitor, board, await board.moderatorToken());
  await removeSender(visitor, visitor.message('spam 5'));
  const dialog = visitor.page.getByRole('dialog');
  await dialog.getByText(/This sender has posted 5 messages since .*20\d\d/).waitFor();
  await dialog.getByText('The names on them: “Someone else”.').waitFor();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await visitor.find('#announcer', { hasText: '5 removed, and the sender is refused.' }).waitFor({ state: 'attached' });
  await eventually(async () => assert.equal((await visitor.texts()).filter((text) => text.startsWith('spam')).length, 0));
  await eventually(async () => assert.equal(await visitor.messages.count(), 21));

  await visitor.write({ text: 'more spam' });
  await visitor.send();
  await visitor.find('.composer__error', { hasText: 'does not take this message from you' }).waitFor();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'more spam'));
});

boardTest('what removing a sender would take is shown before, and nothing goes where it is kept', { expected: [/status of 404/] }, async ({ board, visitor }) => {
  for (const author of ['Ada', 'Ada', 'Bob', null]) await board.post(`by ${author}`, { author });
  await visitor.page.reload();
  await moderate(visitor, board, await board.moderatorToken());
  await removeSender(visitor, visitor.message('by Bob'));
  const dialog = visitor.page.getByRole('dialog');
  await dialog.getByText(/posted 4 messages since/).waitFor();
  await dialog.getByText('“Ada”, “Bob”').waitFor();
  await dialog.getByText('1 of them is without a name.').waitFor();
  await dialog.getByText('a school, an office or a household').waitFor();
  assert.deepEqual(await visitor.violations(), []);
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.equal((await board.json('/api/messages')).messages.length, 4);
});

boardTest('a sender of whom the board says nothing is not removed', { expected: [/status of 40[04]|status of 503/] }, async ({ board, visitor }) => {
  await board.post('stays');
  await visitor.page.reload();
  await moderate(visitor, board, await board.moderatorToken());
  await visitor.page.route('**/api/moderation/sender*', (route) => route.fulfill({ status: 503, body: '' }));
  await removeSender(visitor, visitor.message('stays'));
  await visitor.message('stays').getByText('The board is not available at the moment.').waitFor();
  await eventually(async () => assert.equal(await visitor.page.getByRole('dialog').isVisible(), false));
  assert.equal((await board.json('/api/messages')).messages.length, 1);
});

boardTest('a wrong moderator token is refused when it is entered', { expected: [/status of 40[134]/] }, async ({ board, visitor }) => {
  await board.post('stays');
  const right = await board.moderatorToken();
  for (const wrong of ['not the moderator token', '管理員', right.slice(0, -1)]) {
    await enter(visitor, board, wrong);
    await visitor.page.getByText('The board does not accept this token').waitFor();
    await visitor.focusIsAt(visitor.page.getByLabel('Moderator token'));
    await eventually(async () => assert.equal(await visitor.find('.moderation-bar').isVisible(), false));
  }
  assert.deepEqual(await visitor.violations(), []);
  await visitor.page.getByLabel('Moderator token').fill(` ${right}\n`);
  await visitor.page.keyboard.press('Enter');
  await visitor.find('.review').waitFor();
  await eventually(async () => assert.equal(await visitor.page.evaluate(() => document.querySelector('#moderation-token').value), ''));
});

boardTest('a token whose check was cancelled changes nothing, whatever comes of it', { expected: [/status of 40[134]/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  const waiting = [];
  await page.route('**/api/moderation/session', (route) => void waiting.push(route));
  const cancel = () => page.getByRole('button', { name: 'Cancel' }).click();
  for (const token of ['not-the-moderator-token', await board.moderatorToken()]) {
    await enter(visitor, board, token);
    await eventually(async () => assert.equal(waiting.length, 1));
    await cancel();
    await page.evaluate(() => (location.hash = '#moderate'));
    await page.getByLabel('Moderator token').waitFor();
    const answered = page.waitForResponse('**/api/moderation/session');
    await waiting.shift().continue();
    await (await answered).finished();
    // What the page would do about it, it has done before something later is answered.
    await page.evaluate(() => fetch('/api/board').then((later) => later.text()));
    await eventually(async () => assert.equal(await page.locator('#moderation-error').textContent(), ''));
    await eventually(async () => assert.equal(await page.getByLabel('Moderator token').isVisible(), true, 'it is still asked for'));
    await eventually(async () => assert.equal(await visitor.find('.moderation-bar').isVisible(), false));
    await cancel();
  }
});

boardTest('readers can report a message where the board says to whom', { settings: { CONTACT_URL: 'mailto:board@example.com' } }, async ({ board, visitor }) => {
  const { id } = await board.post('questionable');
  await visitor.page.reload();
  const report = visitor.message('questionable').locator('.message__report');
  await visitor.inMenu(visitor.message('questionable'), 'Report');
  await report.waitFor();
  const url = new URL(await report.getAttribute('href'));
  assert.equal(url.pathname, 'board@example.com');
  assert.equal(url.searchParams.get('body'), `${board.site}#${id}`);
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('where the board says nothing of it, there is nothing to report with', {}, async ({ visitor }) => {
  await visitor.post({ text: 'fine' });
  await eventually(async () => assert.equal(await visitor.message('fine').locator('.message__report').count(), 0));
});
