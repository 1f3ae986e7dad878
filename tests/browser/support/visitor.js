// Someone at the page: opens it in Chromium, writes, posts, deletes, and sees what is there.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { FIND_VIOLATIONS } from './axe.js';
import { launchChromium } from './chromium.js';
import { WITHIN_MS } from './patience.js';

/** The cards, once all that are to be in the page are: more than fill the screen come frame by frame. */
const WHOLE = '.message:not([aria-busy] .message)';

let browser;

export async function openBrowser() {
  browser = await launchChromium();
}

export async function closeBrowser() {
  await browser?.close();
}

/** One of the pictures that `tests/pictures/make.py` makes. */
export function pictureFile(name) {
  const folder = process.env.CORKBOARD_PICTURES;
  if (!folder) throw new Error('CORKBOARD_PICTURES must name the folder that tests/pictures/make.py wrote to');
  return join(folder, name);
}

/** Repeats `check` until it no longer throws, for so many milliseconds at most. */
export async function eventually(check, withinMs = WITHIN_MS) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export class Visitor {
  /** What the browser complained about: script errors, refused resources, failed requests. */
  complaints = [];

  /**
   * @param options the `layout` that was chosen on the device, and those of Playwright's `newContext`; motion is reduced unless they say otherwise,
   * so that no card glides, and no service worker asks in the page's place
   */
  static async arrive(site, { before = async () => {}, layout, ...options } = {}) {
    const visitor = new Visitor();
    visitor.context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en', serviceWorkers: 'block', ...options });
    visitor.context.setDefaultTimeout(WITHIN_MS);
    const page = await visitor.context.newPage();
    visitor.page = page;
    // With this listener Playwright keeps file dialogs from opening from now on. A listener that is added when a dialog
    // is waited for would come too late for a key that is pressed at once.
    page.on('filechooser', () => {});
    page.on('pageerror', (error) => visitor.complaints.push(String(error)));
    page.on('console', (message) => {
      const complaint = `${message.text()} (${message.location().url})`;
      // On a busy machine a small version is not made in time, and the picture itself is shown.
      const isTooLate = /status of 503 .*\/small\//.test(complaint);
      // What does not come the page warns of. Another fault is not to be taken for that.
      const isFault = message.type() === 'warning' && /Error/.test(complaint) && !/imported module/.test(complaint);
      if (isFault || (message.type() === 'error' && !isTooLate)) visitor.complaints.push(complaint);
    });
    // A picture that a test takes away must not come out of the browser's cache.
    const session = await visitor.context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    // Chromium tells the page alone of this fault.
    await page.addInitScript(() => addEventListener('error', ({ message }) => /^ResizeObserver loop/.test(message) && console.error(message)));
    if (layout) await page.addInitScript((chosen) => location.protocol === 'http:' && (localStorage.getItem('corkboard:layout') ?? localStorage.setItem('corkboard:layout', chosen)), layout);
    await before(page);
    await page.goto(site);
    await page.locator('.messages__loading').waitFor({ state: 'hidden' });
    return visitor;
  }

  leave() {
    return this.context.close();
  }

  /** Another page of the same browser, which shares what it has kept. */
  async openTab(site) {
    const other = new Visitor();
    other.context = this.context;
    other.page = await this.context.newPage();
    await other.page.goto(site);
    await other.find('.messages__loading').waitFor({ state: 'hidden' });
    return other;
  }

  /** Comes to an address from elsewhere, which is no step within the page. */
  async comeTo(address) {
    await this.page.goto('about:blank');
    await this.page.goto(address);
  }

  /** Goes down until a message with this text is there, and has it in the middle of the screen. */
  async goDownTo(text) {
    const message = this.message(text).first();
    await eventually(async () => {
      // A wheel would go on turning for a while.
      await this.page.evaluate(() => window.scrollBy({ top: 900, behavior: 'instant' }));
      assert.ok(await message.isVisible());
    });
    await message.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));
    await this.listIsWhole();
  }

  /** Waits until all that the place in the list has brought is there, older messages included. */
  async listIsWhole() {
    await eventually(async () => {
      const isWhole = await this.page.evaluate(async () => {
        const isQuiet = () => document.querySelector('.messages__list[aria-busy], .messages__older[aria-disabled="true"]') === null;
        if (!isQuiet()) return false;
        // The page hears a frame later that the end is near.
        for (let frames = 0; frames < 2; frames += 1) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        return isQuiet();
      });
      assert.ok(isWhole, 'the list is whole');
    });
  }

  /** Chooses a language of the page by its tag, and waits until the page is in it. */
  async speak(language) {
    const more = this.find('.masthead__menu');
    if ((await more.isVisible()) && !(await this.find('.language-menu').isVisible())) await more.click();
    await this.find('.language-menu').selectOption(language);
    await this.find(`html[lang="${language}"]`).waitFor();
    if (await more.isVisible()) await this.page.evaluate(() => document.querySelector('.masthead__tools').hidePopover());
  }

  /** Makes the page look for what is new at once, as it does when the line is back. */
  async lookAgain() {
    await this.page.evaluate(() => window.dispatchEvent(new Event('online')));
  }

  /** Keys of the messages sent, in their order. */
  async noteKeys() {
    const keys = [];
    this.page.on('request', (request) => {
      if (request.method() === 'POST') keys.push(request.headers()['idempotency-key']);
    });
    return keys;
  }

  /**
   * Lets the board get what is posted, and loses its answer, so that the page hears of it, or does not `ever`.
   * Ends with the function that it answers.
   */
  async loseAnswers({ ever = false } = {}) {
    const session = await this.context.newCDPSession(this.page);
    session.on('Fetch.requestPaused', ({ requestId, request }) =>
      request.method === 'POST'
        ? ever || session.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' })
        : session.send('Fetch.continueRequest', { requestId }),
    );
    await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/api/messages', requestStage: 'Response' }] });
    return () => session.detach();
  }

  /** The pictures that this device keeps for what is being written. */
  async keptPictures() {
    return this.page.evaluate(async () => {
      const request = (pending) =>
        new Promise((resolve, reject) => {
          pending.onsuccess = () => resolve(pending.result);
          pending.onerror = () => reject(pending.error);
        });
      const database = await request(indexedDB.open('corkboard'));
      const kept = await request(database.transaction('pictures').objectStore('pictures').getAll());
      database.close();
      return Promise.all(
        kept.map(async ({ picture: { name, type, size, bytes } }) => {
          const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
          const bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: 'from-image' }).catch(() => ({}));
          return { name, type, size, width: bitmap.width, height: bitmap.height, digest: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') };
        }),
      );
    });
  }

  /** The one picture that this device keeps for what is being written, once it does. */
  async keptPicture() {
    return eventually(async () => {
      const kept = await this.keptPictures();
      assert.equal(kept.length, 1, 'a picture is kept');
      return kept[0];
    });
  }

  /** Lets go of something over the page: its `files`, as from a file manager, folders included. */
  async dropFiles(...files) {
    const session = await this.context.newCDPSession(this.page);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) await session.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
    await session.detach();
  }

  /** Puts a value into a field as if it was pasted, also one that no keyboard can type. */
  async paste(field, value) {
    await this.openComposer();
    await field.evaluate((input, pasted) => {
      input.value = pasted;
      input.dispatchEvent(new InputEvent('input', { inputType: 'insertFromPaste', bubbles: true }));
    }, value);
  }

  find(selector, options) {
    return this.page.locator(selector, options);
  }

  get messages() {
    return this.find(WHOLE);
  }

  message(text) {
    return this.find(WHOLE, { hasText: text });
  }

  get picture() {
    return this.find('.picture-field__preview');
  }

  /** Says what is wrong with the picture. */
  get pictureError() {
    return this.find('#composer-picture-error');
  }

  get textField() {
    return this.page.getByLabel('Message', { exact: true });
  }

  get postButton() {
    return this.find('.composer__post');
  }

  /** The newest picture of the carrousel. */
  get carrouselPicture() {
    return this.find('.carrousel__frame img').first();
  }

  /** Goes to the carrousel, and waits for its newest picture. */
  async seeCarrousel() {
    await this.find('.carrousel').scrollIntoViewIfNeeded();
    await this.carrouselPicture.waitFor();
    await eventually(async () => assert.ok(await this.carrouselPicture.evaluate(({ complete, naturalWidth }) => complete && naturalWidth > 0)));
  }

  /** Opens the composer, if it is not open. It opens by itself where a message was interrupted while it was sent. */
  async openComposer() {
    await eventually(async () => {
      if (!(await this.find('.composer[open]').count())) await this.find('.blank-note__write').click({ timeout: 2_000 });
      assert.equal(await this.find('.composer[open]').count(), 1);
    });
    await this.postButton.waitFor();
  }

  /** Opens the menu of a message, and answers what in it has this name. */
  async inMenu(message, name) {
    const menu = message.locator('.message__menu');
    if (!(await menu.evaluate(({ open }) => open))) await menu.locator('summary').click();
    return menu.locator('.message__actions').getByText(name, { exact: true });
  }

  /** Asks for older messages by the button, unless all have come by themselves. Scrolling to it would ask as well, and it would be gone before the click. */
  async askForOlder() {
    await this.messages.first().waitFor();
    await this.listIsWhole();
    const button = this.page.getByRole('button', { name: 'Older messages' });
    if (await button.isVisible()) await button.dispatchEvent('click');
  }

  async write({ text, author, picture, alt }) {
    await this.openComposer();
    if (text !== undefined) await this.textField.fill(text);
    if (author !== undefined) await this.page.getByLabel('Name').fill(author);
    if (picture !== undefined) await this.choose(picture);
    if (alt !== undefined) await this.page.getByLabel('What is in the picture?').fill(alt);
  }

  /** Chooses a picture through the file dialog, and waits until it is fit to be sent. */
  async choose(name) {
    await this.openComposer();
    const dialog = this.page.waitForEvent('filechooser');
    await this.find('.picture-field__way').first().click();
    await (await dialog).setFiles(pictureFile(name));
    await this.prepared();
  }

  /** Gives the composer files, as the file dialog does. */
  async give(files) {
    await this.openComposer();
    await this.find('.picture-field__file').setInputFiles(files);
  }

  async prepared() {
    await this.find('.picture-field__chosen').waitFor();
    await this.find('.picture-field__note', { hasNotText: 'Preparing' }).waitFor();
  }

  /** Posts what is written. */
  async send() {
    await this.openComposer();
    await this.postButton.click();
  }

  /** Writes and posts, and waits until the message is on the board. */
  async post(draft) {
    await this.write(draft);
    await this.postButton.click();
    const message = this.message(draft.text);
    await message.waitFor();
    return message;
  }

  async delete(text) {
    // A picture whose `<img>` goes while it is on its way counts as one that did not load.
    await this.picturesHaveCome();
    await (await this.inMenu(this.message(text), 'Delete')).click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await this.message(text).waitFor({ state: 'detached' });
  }

  /** Waits until no picture that is seen is on its way. */
  async picturesHaveCome() {
    await eventually(async () => {
      const onTheirWay = await this.page.evaluate(() => {
        const isNear = (image) => image.loading !== 'lazy' || image.getBoundingClientRect().top < innerHeight;
        return [...document.images].filter((image) => image.src && !image.complete && isNear(image)).map(({ src }) => src);
      });
      assert.deepEqual(onTheirWay, []);
    });
  }

  /** What axe-core finds against WCAG 2.2 A and AA and its best practices: nothing, it is hoped. */
  async violations() {
    return this.page.evaluate(`(function () { ${FIND_VIOLATIONS} })()`);
  }

  async texts() {
    await this.find('.messages__list:not([aria-busy])').waitFor({ state: 'attached' });
    return this.find('.message__text').allTextContents();
  }

  /** Waits until the keyboard is at this element. */
  async focusIsAt(locator) {
    await eventually(async () => assert.equal(await locator.evaluate((element) => element === document.activeElement), true, 'the keyboard is at it'));
  }
}

/** Whether two are the same picture, by what `look` answers, be it in versions of other widths. */
export function isLike(one, other) {
  const apart = one.pixels.reduce((sum, value, at) => sum + Math.abs(value - other.pixels[at]), 0);
  // The bound is loose, since edges fall otherwise on 8 × 8 pixels.
  return apart / one.pixels.length < 6;
}

/** What an `<img>` shows once it is loaded: its size, and its pixels brought down to 8 × 8. */
export async function look(image) {
  await image.scrollIntoViewIfNeeded();
  // Decoding fails where the page gives the image its picture anew in the meantime.
  await eventually(() => image.evaluate((element) => element.decode()));
  return image.evaluate((element) => {
    const canvas = document.createElement('canvas');
    canvas.width = 8;
    canvas.height = 8;
    const context = canvas.getContext('2d');
    // Transparent pixels are drawn on white, as the page shows them.
    context.fillStyle = 'white';
    context.fillRect(0, 0, 8, 8);
    // The 8 × 8 pixels are made of all pixels of the picture, whatever version of it is shown.
    context.imageSmoothingQuality = 'high';
    context.drawImage(element, 0, 0, 8, 8);
    return {
      width: element.naturalWidth,
      height: element.naturalHeight,
      pixels: [...context.getImageData(0, 0, 8, 8).data],
    };
  });
}
