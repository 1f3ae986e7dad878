// Chromium as Debian packages it for tests: the engine and nothing around it, which takes two thirds of the processor's time.

import { chromium } from 'playwright-core';
import { SLOW_WITHIN_MS } from './patience.js';

export const launchChromium = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    // Chromium's own sandbox does not start for root, as in most containers.
    args: ['--no-sandbox'],
    timeout: SLOW_WITHIN_MS,
  });
