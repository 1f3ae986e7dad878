import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Board } from './support/corkboard.js';
import { MariaDb } from './support/mariadb.js';
import { closeBrowser, isLike, look, openBrowser, Visitor } from './support/visitor.js';

before(openBrowser);
after(closeBrowser);

test('without its database the page shows everything, says that posting has to wait, and goes on when it is back', { timeout: 180_000 }, async () => {
  const database = await MariaDb.start();
  const board = await Board.start({ DATABASE_URL: database.url });
  const visitors = [];
  const arrive = async () => {
    visitors.push(await Visitor.arrive(board.site));
    return visitors.at(-1);
  };
  try {
    const first = await arrive();
    await first.post({ text: 'the oldest' });
    for (let number = 1; number <= 20; number += 1) await board.post(`number ${number}`);
    await first.post({ text: 'with a picture', picture: 'camera.jpg' });
    const shown = await look(first.message('with a picture').locator('img'));

    await database.stop();
    const visitor = await arrive();
    assert.equal((await visitor.texts()).length, 20);
    assert.equal((await visitor.texts())[0], 'with a picture');
    assert.ok(isLike(await look(visitor.message('with a picture').locator('img')), shown));

    await visitor.goDownTo('the oldest');
    await visitor.write({ text: 'written meanwhile' });
    await visitor.send();
    await visitor.find('.composer').getByText('The board is waking up. Your message will be posted').waitFor();

    await database.start();
    // By itself.
    await visitor.message('written meanwhile').waitFor();
    // Nothing but the answers that were to be waited for.
    assert.deepEqual(visitor.complaints.filter((text) => !/status of 503/.test(text)), []);
  } finally {
    for (const visitor of visitors) await visitor.leave();
    await board.remove();
    await database.remove();
  }
});
