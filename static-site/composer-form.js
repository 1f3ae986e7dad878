// What the composer's dialog is made of.

const PICTURE = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01"/></svg>';

export const FORM = `
  <form class="composer__form" novalidate>
    <div class="composer__head">
      <button class="button button--quiet composer__cancel" type="button" data-say="compose.cancel"></button>
      <h2 class="composer__title" id="composer-title" data-say="compose.title"></h2>
      <button class="button button--primary composer__post" type="submit" aria-describedby="composer-reviewed composer-nudge"></button>
    </div>

    <div class="composer__paper">
      <div class="composer__sending" hidden>
        <progress class="composer__progress" max="1" data-say-label="compose.sending"></progress>
        <p class="composer__waking" role="status"></p>
      </div>
      <p class="field__error composer__error" role="alert" data-error="form"></p>
      <div class="field">
        <label class="visually-hidden" for="composer-text" data-say="compose.text"></label>
        <textarea class="composer__text" id="composer-text" name="text" rows="3" dir="auto" autocomplete="off" aria-describedby="composer-count composer-text-error"></textarea>
        <p class="composer__count field__hint" id="composer-count"></p>
        <p class="field__error" id="composer-text-error" role="alert" data-error="text"></p>
      </div>

      <div class="picture-field">
        <div class="picture-field__chosen" hidden>
          <img class="picture-field__preview" alt="">
          <button class="button picture-field__remove" type="button" data-say-label="compose.remove">
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>
          </button>
          <p class="picture-field__name"><bdi></bdi></p>
          <p class="picture-field__note field__hint"></p>
        </div>
        <p class="field__error" id="composer-picture-error" role="alert"></p>
      </div>

      <div class="field composer__description" hidden>
        <label class="field__label" for="composer-alt"><span data-say="compose.alt"></span> <span class="field__hint" data-say="compose.alt-why"></span></label>
        <input class="field__input" id="composer-alt" name="alt" autocomplete="off" dir="auto" aria-describedby="composer-alt-error composer-nudge">
        <p class="composer__nudge field__hint" id="composer-nudge"></p>
        <p class="field__error" id="composer-alt-error" role="alert" data-error="alt"></p>
      </div>

      <div class="field">
        <label class="field__label" for="composer-author"><span data-say="compose.author"></span> <span class="field__hint" data-say="compose.optional"></span></label>
        <div class="composer__name">
          <input class="field__input" id="composer-author" name="author" autocomplete="nickname" dir="auto" aria-describedby="composer-author-error">
        </div>
        <p class="field__error" id="composer-author-error" role="alert" data-error="author"></p>
      </div>

      <p class="composer__notice field__hint" role="status"></p>
      <p class="composer__reviewed field__hint" id="composer-reviewed" data-say="compose.reviewed" hidden></p>
    </div>

    <div class="composer__foot picture-field__ways">
      <input class="picture-field__input picture-field__file" id="composer-picture" type="file" accept="image/*" aria-describedby="composer-picture-error">
      <label class="button button--quiet picture-field__way" for="composer-picture">${PICTURE}<span class="picture-field__add"></span></label>
      <input class="picture-field__input picture-field__camera" id="composer-camera" type="file" accept="image/*" capture="environment" aria-describedby="composer-picture-error">
      <label class="button button--quiet picture-field__way picture-field__way--camera" for="composer-camera">
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 8h4l2-3h6l2 3h4v11H3z"/><circle cx="12" cy="13" r="3.5"/></svg>
        <span data-say="compose.camera"></span>
      </label>
      <span class="composer__kept field__hint" data-say="compose.kept"></span>
    </div>
  </form>`;
