// What the page of a board costs until its end was scrolled to: `node bench/page.mjs SITE WIDTH HEIGHT DPR`. Prints
// JSON: bytes as they came over the network, how many messages are shown, and how many pictures were not.

import { launchChromium } from '../tests/browser/support/chromium.js';

const [site, width, height, deviceScaleFactor] = process.argv.slice(2).map((each, at) => (at ? Number(each) : each));
const QUIET_MS = 1000;

const browser = await launchChromium();
const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor, isMobile: width < 600, hasTouch: width < 600 });
const page = await context.newPage();
const devtools = await context.newCDPSession(page);
await devtools.send('Network.enable');

const requests = new Map();
let last = Date.now();
devtools.on('Network.requestWillBeSent', ({ requestId, request }) => {
  last = Date.now();
  requests.set(requestId, { url: new URL(request.url).pathname, bytes: 0 });
});
devtools.on('Network.responseReceived', ({ requestId, type, response }) => {
  Object.assign(requests.get(requestId) ?? {}, { type, status: response.status });
});
devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
  last = Date.now();
  const request = requests.get(requestId);
  if (request) request.bytes = encodedDataLength;
});

const quiet = async () => {
  while (Date.now() - last < QUIET_MS) await page.waitForTimeout(100);
};

await page.goto(site, { waitUntil: 'load' });
await page.waitForSelector('.message');
await quiet();
const firstView = sum([...requests.values()]);
const isAtEnd = () => page.evaluate(() => innerHeight + scrollY >= document.documentElement.scrollHeight - 2);
for (let quietAtEnd = 0; quietAtEnd < 2; ) {
  await page.mouse.wheel(0, height / 2);
  await page.waitForTimeout(250);
  if (await isAtEnd()) {
    last = Date.now();
    await quiet();
    quietAtEnd = (await isAtEnd()) ? quietAtEnd + 1 : 0;
  }
}
const seen = await page.evaluate(() => {
  const pictures = [...document.querySelectorAll('.message__picture img')];
  return {
    messages: document.querySelectorAll('article.message').length,
    pictures: pictures.length,
    broken: pictures.filter((image) => image.naturalWidth === 0).length,
    widths: [...new Set(pictures.map((image) => `${image.clientWidth} px: ${image.currentSrc.match(/small\/\d+/)?.[0] ?? 'original'}`))],
  };
});
const all = [...requests.values()];
const pictures = all.filter(({ url }) => /\/(small|images)\//.test(url));
console.log(JSON.stringify({ ...seen, bytes: sum(all), firstView, pictureBytes: sum(pictures), requested: pictures.map(({ url, bytes, status }) => ({ url, bytes, status })) }));
await browser.close();

function sum(some) {
  return some.reduce((bytes, request) => bytes + request.bytes, 0);
}
