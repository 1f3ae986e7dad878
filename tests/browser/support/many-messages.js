// A board of many messages, as the API would give them. Its pictures are no SVG, each of which is a document of its own.

/** @param pictureEvery which messages have a picture: every third one, or so */
export async function manyMessages(page, count, { pictureEvery = 3 } = {}) {
  const all = Array.from({ length: count }, (_, at) => ({
    id: `01M8312X2GQEXQEVEC5D3N${String(9_999 - at).padStart(4, '0')}`,
    author: `Person ${at % 30}`,
    text: `number ${count - at} ${'and so on '.repeat((at * 7) % 40)}`,
    createdAt: '2026-11-23T01:42:16.912Z',
    picture: at % pictureEvery ? null : { url: `/icon-192.png?${at}`, alt: null, width: 400, height: 300 + (at % 5) * 60, type: 'image/png', animated: false, small: [] },
  }));
  await page.route('**/api/messages*', (route) => {
    const { searchParams } = new URL(route.request().url());
    const before = searchParams.get('before');
    const from = before ? all.findIndex(({ id }) => id === before) + 1 : 0;
    const messages = all.slice(from, from + Number(searchParams.get('limit') ?? 20));
    return route.fulfill({ json: { messages, next: from + messages.length < count ? messages.at(-1).id : null } });
  });
}
