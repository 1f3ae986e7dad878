// Where moderators sign in, by their token or by a link: what they have is exchanged for a session, which alone is kept.

import { explain } from './problems.js';
import { put } from './words.js';

const TEMPLATE = `
  <h2 id="moderation-title" data-say="moderate.title"></h2>
  <form class="moderation__form" method="dialog">
    <div class="field">
      <label class="field__label" for="moderation-token" data-say="moderate.token"></label>
      <input class="field__input" id="moderation-token" name="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="moderation-error">
      <p class="field__error" id="moderation-error" role="alert"></p>
    </div>
    <label class="moderation__week"><input type="checkbox" name="week"> <span><span data-say="moderate.week"></span> <span class="field__hint" data-say="moderate.why"></span></span></label>
    <div class="confirmation__choices">
      <button class="button moderation__cancel" type="button" data-say="compose.cancel"></button>
      <button class="button button--primary" data-say="moderate.start"></button>
    </div>
  </form>`;

/** The code of a sign-in link. Whatever is around it is left alone: where a link is sent, signs come to stand behind it. */
const CODE = /(?:-|[A-Za-z0-9-]{1,24})\.\d+\.[\w-]{43}(?![\w-])/;
/** What comes along with a token that is copied. */
const UNSEEN_AT_ENDS = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;
const LOST = { ended: 'moderate.ended', revoked: 'moderate.revoked' };

export const codeIn = (text) => CODE.exec(text)?.[0] ?? null;

/** @param exchange answers a session for a `token` or a `code`, and fails where the board does not take it */
export function mountSignIn(dialog, { exchange, session, words, window }) {
  dialog.innerHTML = TEMPLATE;
  dialog.classList.add('confirmation');
  dialog.setAttribute('aria-labelledby', 'moderation-title');
  const form = dialog.querySelector('form');
  const { token, week } = form.elements;
  const state = { checking: false, refusal: [] };
  /** The number of the token asked about last: what is heard of another is of no account. */
  let last = 0;
  const signIn = { onDone() {}, onUnneeded() {}, ask, follow, update, close: () => dialog.close() };

  function show({ checking = false, refusal = [] }) {
    Object.assign(state, { checking, refusal });
    update();
  }

  function update() {
    words.fill(dialog);
    put(dialog.querySelector('.field__error'), words.sayAll(state.refusal));
    token.setAttribute('aria-invalid', String(state.refusal.length > 0));
    dialog.querySelector('.button--primary').setAttribute('aria-disabled', String(state.checking));
  }

  function ask() {
    // So that it can be asked for again, and a reload does not ask.
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    if (session.lost) state.refusal = [[LOST[session.lost]]];
    update();
    if (!dialog.open) dialog.showModal();
  }

  /** Signs in by a link, which has `text` as its code. Who has one is on a device of their own. */
  async function follow(text) {
    try {
      session.keep(await exchange({ code: codeIn(text) ?? text }), { forWeek: true });
    } catch (error) {
      if (session.token !== null) return signIn.onUnneeded();
      ask();
      return show({ refusal: explainToken(error, 'moderate.link-wrong') });
    }
    dialog.close();
    signIn.onDone();
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const entered = token.value.replace(UNSEEN_AT_ENDS, '');
    if (!entered || state.checking) return;
    show({ checking: true });
    last += 1;
    const mine = last;
    const code = codeIn(entered);
    const signedIn = await exchange(code ? { code } : { token: entered }).catch((error) => ({ refusal: explainToken(error, code ? 'moderate.link-wrong' : 'moderate.wrong') }));
    if (mine !== last) return;
    const { refusal = [] } = signedIn;
    show({ refusal });
    if (refusal.length > 0) return token.focus();
    session.keep(signedIn, { forWeek: week.checked });
    dialog.close();
    signIn.onDone();
  });
  dialog.addEventListener('close', () => {
    // The page needs it no longer; nothing that offers to remember it shall see it.
    token.value = '';
    last += 1;
    show({});
  });
  dialog.querySelector('.moderation__cancel').addEventListener('click', () => dialog.close());

  return signIn;
}

/** Why a moderator's token was not taken, or a link. */
export function explainToken(error, wrong) {
  if (error.status === 401 || error.status === 403) return [[wrong]];
  return explain(error, 'moderate.unchecked');
}
