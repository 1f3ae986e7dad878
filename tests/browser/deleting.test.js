import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

boardTest('a deleted message goes from the list and its picture from the carrousel', {}, async ({ board, visitor }) => {
  await visitor.post({ text: 'stays', picture: 'drawing.png' });
  const message = await visitor.post({ text: 'goes', picture: 'small.jpg' });
  const url = new URL(await message.locator('img').getAttribute('src'), board.site);
  await visitor.find('.carrousel__tile').nth(1).waitFor();

  await visitor.delete('goes');
  await visitor.focusIsAt(visitor.message('stays'));
  await eventually(async () => {
    const sources = await visitor.find('.carrousel__frame img').evaluateAll((images) => images.map(({ src }) => src));
    assert.equal(sources.length, 1);
    assert.ok(!sources.includes(url.href));
  });

  assert.deepEqual((await board.json('/api/messages')).messages.map(({ text }) => text), ['stays']);
  await eventually(async () => assert.equal((await board.json('/api/carrousel.json')).length, 1));
  assert.equal(await (await fetch(url)).text(), '');

  await visitor.page.reload();
  await visitor.message('stays').waitFor();
  await eventually(async () => assert.deepEqual(await visitor.texts(), ['stays']));
});

boardTest('deleting asks first, and “keep” keeps', {}, async ({ visitor }) => {
  const message = await visitor.post({ text: 'precious' });
  const button = await visitor.inMenu(message, 'Delete');
  await button.click();
  await visitor.page.getByRole('button', { name: 'Keep it' }).click();
  await visitor.page.getByRole('dialog').waitFor({ state: 'hidden' });
  await visitor.focusIsAt(message.locator('summary'));

  await (await visitor.inMenu(message, 'Delete')).click();
  await visitor.page.keyboard.press('Escape');
  await visitor.page.getByRole('dialog').waitFor({ state: 'hidden' });
  await visitor.page.reload();
  await visitor.message('precious').waitFor();
});

boardTest('one’s own messages can still be deleted after a reload, others’ cannot', {}, async ({ board, visitor }) => {
  await visitor.post({ text: 'mine' });
  await board.post('theirs');
  await visitor.page.reload();
  await visitor.message('theirs').waitFor();
  await visitor.inMenu(visitor.message('theirs'), 'Share');
  await eventually(async () => assert.equal(await visitor.message('theirs').getByRole('button', { name: 'Delete' }).count(), 0));
  await visitor.delete('mine');
  assert.deepEqual((await board.json('/api/messages')).messages.map(({ text }) => text), ['theirs']);
});

boardTest('a message that is already gone just goes', { expected: [/status of 404/] }, async ({ visitor }) => {
  await visitor.post({ text: 'twice gone' });
  // Deleted from another tab, before this one has heard of it.
  await visitor.page.route('**/api/messages/*', async (route) => {
    const { status } = await fetch(route.request().url(), {
      method: 'DELETE',
      headers: { Authorization: await route.request().headerValue('authorization') },
    });
    assert.equal(status, 204);
    await route.continue();
  });
  await visitor.delete('twice gone');
  await visitor.page.getByText('Yours can be the first').waitFor();
});

boardTest('a delete that fails says why, and the message stays', { expected: [/status of 503/] }, async ({ visitor }) => {
  await visitor.post({ text: 'still here' });
  await visitor.page.route('**/api/messages/*', (route) => route.fulfill({ status: 503, body: '' }), { times: 1 });
  const message = visitor.message('still here');
  await (await visitor.inMenu(message, 'Delete')).click();
  await visitor.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await message.getByText('The message was not deleted.').waitFor();
  await visitor.delete('still here');
});
