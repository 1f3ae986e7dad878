import { chromium } from 'playwright-core';
import { readFile, readdir } from 'node:fs/promises';
import { Board } from './support/corkboard.js';
const out='/tmp/vw/';
const board = await Board.start();
try {
  const photos = (await readdir('/work/photos/clic2025')).filter(n=>/jpe?g|png|webp/i.test(n)).slice(0,10);
  let n=0;
  for (const name of photos) await board.postPicture(['Coffee morning moves to Thursday.\n'.repeat(1+ (n%3)*4), '誰家的貓？每天下午都來我窗台睡覺，很親人，戴綠色頸圈。'][n%2], await readFile('/work/photos/clic2025/'+name), { author: ['Mei 阿美','陳太','Bea'][n++%3] });
  await board.postPicture('read this', await readFile('support/long-screenshot.jpg'), { author: 'Tomás' });
  await board.putPicture('images/summer.png', 'drawing.png');
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  for (const [w,h,touch,scheme] of [[390,844,true,'light'],[1440,900,false,'light'],[320,640,true,'dark'],[768,1024,true,'light'],[844,390,true,'light']]) {
    const context = await browser.newContext({ viewport:{width:w,height:h}, hasTouch: touch, isMobile: touch, deviceScaleFactor: touch?2:1, colorScheme: scheme, locale:'en' });
    const page = await context.newPage();
    page.on('pageerror', e=>console.log('ERR', w, e.stack));
    page.on('console', m=>m.type()==='error'&&console.log('CON', w, m.text()));
    await page.goto(board.site);
    await page.locator('.message__picture img').first().waitFor();
    const shot = (name) => page.screenshot({ path: `${out}${w}-${name}.png` });
    const cards = page.locator('.message__picture');
    await page.waitForTimeout(800);
    await shot('board');
    await cards.nth(1).click();
    await page.locator('.picture-dialog').waitFor();
    await page.waitForTimeout(1200);
    await shot('viewer');
    await page.keyboard.press('ArrowRight'); await page.waitForTimeout(700);
    await shot('next');
    console.log(w, await page.locator('.picture-dialog__count').textContent(), await page.locator('.picture-dialog__stage').count());
    for (let i=0;i<4;i++) await page.keyboard.press('+');
    await page.waitForTimeout(600);
    await shot('enlarged');
    await page.keyboard.press('0');
    await page.keyboard.press('Home'); await page.waitForTimeout(600); await page.keyboard.press('ArrowRight'); await page.waitForTimeout(800);
    await shot('long');
    await page.locator('.picture-dialog__count').click();
    await page.locator('.all-pictures').waitFor(); await page.waitForTimeout(900);
    await shot('grid');
    await page.keyboard.press('Escape'); await page.waitForTimeout(300);
    await page.locator('.picture-dialog__close').click(); await page.waitForTimeout(500);
    console.log(w, 'open', await page.evaluate(()=>[document.querySelector('.picture-dialog').open, document.querySelector('.all-pictures').open, history.state, document.activeElement.className]));
    await context.close();
  }
  await browser.close();
} finally { await board.remove(); }
