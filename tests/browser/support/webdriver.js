// Someone at the page, in the words of WebDriver, whichever way its commands take to the browser.
// https://www.w3.org/TR/webdriver2/#endpoints

import assert from 'node:assert/strict';
import { FIND_VIOLATIONS } from './axe.js';
import { eventually } from './visitor.js';

const LISTEN = `
  window.complaints = [];
  const note = (text) => window.complaints.push(text);
  window.isVersionLate = false;
  addEventListener('error', ({ message, target }) => {
    // Instead of a small version that is not made in time the picture itself comes.
    if (target.srcset) window.isVersionLate = true;
    else note(message ?? target.src + ' does not load');
  }, true);
  addEventListener('unhandledrejection', (event) => note('unhandled: ' + event.reason));
  addEventListener('securitypolicyviolation', (event) => note(event.violatedDirective + ' refuses ' + event.blockedURI));`;

/** Each browser has a `send(command, parameters)` of its own, which answers what the command answers. */
export class WebDriver {
  /** What the page complained about: script errors, refused and missing resources. Not while it is still loading. */
  complaints = [];

  async goTo(url) {
    await this.send('Navigate', { url });
    await this.run(LISTEN);
  }

  async reload() {
    await this.hear();
    await this.send('Refresh', {});
    await this.run(LISTEN);
  }

  /** Adds to the complaints what came since the page was loaded. */
  async hear() {
    this.complaints.push(...(await this.run('return window.complaints.splice(0)')));
  }

  goBack() {
    return this.send('Back', {});
  }

  /** Runs the body of a function in the page; a promise that it returns is waited for. */
  async run(script, ...args) {
    const { value } = await this.send('ExecuteScript', { script, args });
    return value;
  }

  async #find(selector) {
    const { value } = await this.send('FindElement', { using: 'css selector', value: selector });
    return Object.values(value)[0];
  }

  /** Clicks as soon as that is possible. */
  async click(selector) {
    await eventually(async () => this.send('ElementClick', { id: await this.#find(selector) }));
  }

  /** Opens the composer, if it is not open. */
  async openComposer() {
    await eventually(async () => {
      const isOpen = await this.run("const dialog = document.querySelector('.composer'); if (!dialog.open) document.querySelector('.blank-note__write').click(); return dialog.open;");
      assert.equal(isOpen, true);
    });
  }

  /** Opens the menu of the first message. */
  async openMenu() {
    await this.run("document.querySelector('.message__menu').open = true");
  }

  /** Types text, or the path of a file for a file input. */
  async type(selector, text) {
    await this.send('ElementSendKeys', { id: await eventually(() => this.#find(selector)), text });
  }

  /** Scrolls the first such element to the middle of the view; fails while there is none. */
  scrollTo(selector) {
    return this.run("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", selector);
  }

  text(selector) {
    return this.run('return document.querySelector(arguments[0])?.textContent ?? null', selector);
  }

  count(selector) {
    return this.run('return document.querySelectorAll(arguments[0]).length', selector);
  }

  /** A property of the first such element. */
  property(selector, name) {
    return this.run('return document.querySelector(arguments[0])?.[arguments[1]] ?? null', selector, name);
  }

  /** What axe-core finds against WCAG 2.2 A and AA and its best practices: nothing, it is hoped. */
  async violations() {
    return this.run(FIND_VIOLATIONS);
  }
}
