// Someone at the page: opens it in Chromium, writes, posts, deletes, and sees what is there.

import { join } from 'node:path';
import { chromium } from 'playwright-core';

/** Generous, for a busy machine; nothing waits longer than it must. */
export const WITHIN_MS = 30_000;

// The page has to do with this, whatever the server in front of it sends.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

let browser;

export async function openBrowser() {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Chromium's own sandbox does not start for root, as in most containers.
    args: ['--no-sandbox'],
  });
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

/** Repeats `check` until it no longer throws. */
export async function eventually(check) {
  const deadline = Date.now() + WITHIN_MS;
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
   * @param options of Playwright's `newContext`; motion is reduced unless they say otherwise,
   * so that the carrousel only moves when it is told to
   */
  static async arrive(site, { before = async () => {}, ...options } = {}) {
    const visitor = new Visitor();
    visitor.context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    visitor.context.setDefaultTimeout(WITHIN_MS);
    const page = await visitor.context.newPage();
    visitor.page = page;
    page.on('pageerror', (error) => visitor.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') visitor.complaints.push(`${message.text()} (${message.location().url})`);
    });
    await page.route(site, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': POLICY } });
    });
    await before(page);
    await page.goto(site);
    await page.locator('.messages__loading').waitFor({ state: 'hidden' });
    return visitor;
  }

  leave() {
    return this.context.close();
  }

  find(selector, options) {
    return this.page.locator(selector, options);
  }

  get messages() {
    return this.find('.message');
  }

  message(text) {
    return this.find('.message', { hasText: text });
  }

  get postButton() {
    return this.find('.composer__post');
  }

  /** The picture that the carrousel shows. */
  get carrouselPicture() {
    return this.find('.carrousel__picture.is-current');
  }

  async write({ text, author, picture, alt }) {
    if (text !== undefined) await this.page.getByLabel('Message', { exact: true }).fill(text);
    if (author !== undefined) await this.page.getByLabel('Name').fill(author);
    if (picture !== undefined) await this.choose(picture);
    if (alt !== undefined) await this.page.getByLabel('What is in the picture?').fill(alt);
  }

  /** Chooses a picture through the file dialog. */
  async choose(name) {
    const dialog = this.page.waitForEvent('filechooser');
    await this.find('.composer__choose').click();
    await (await dialog).setFiles(pictureFile(name));
  }

  /** Writes and posts, and waits until the message is in the list. */
  async post(draft) {
    await this.write(draft);
    await this.postButton.click();
    const message = this.message(draft.text);
    await message.waitFor();
    return message;
  }

  async delete(text) {
    await this.message(text).getByRole('button', { name: 'Delete' }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await this.message(text).waitFor({ state: 'detached' });
  }

  async texts() {
    return this.find('.message__text').allTextContents();
  }

  /** Whether the keyboard is at this element. */
  async hasFocus(locator) {
    return locator.evaluate((element) => element === document.activeElement);
  }
}

/** What an `<img>` shows once it is loaded: its size, and its pixels brought down to 8 × 8. */
export async function look(image) {
  await image.scrollIntoViewIfNeeded();
  return image.evaluate(async (element) => {
    await element.decode();
    const canvas = document.createElement('canvas');
    canvas.width = 8;
    canvas.height = 8;
    const context = canvas.getContext('2d');
    // As the page lets it show through.
    context.fillStyle = 'white';
    context.fillRect(0, 0, 8, 8);
    context.drawImage(element, 0, 0, 8, 8);
    return {
      width: element.naturalWidth,
      height: element.naturalHeight,
      pixels: [...context.getImageData(0, 0, 8, 8).data],
    };
  });
}
