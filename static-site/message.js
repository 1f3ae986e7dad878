// One message of the board. Whatever people wrote is only ever set as text.

const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const exactTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** Makes the list item of a message. `update` shows whether and how it can be deleted. */
export function createMessage(template, message, { onDelete }) {
  const item = template.content.firstElementChild.cloneNode(true);
  const find = (selector) => item.querySelector(selector);
  const article = find('.message');
  const remove = find('.message__delete');
  const error = find('.message__error');

  article.setAttribute('aria-labelledby', `author-${message.id}`);
  const author = find('.message__author');
  author.id = `author-${message.id}`;
  author.classList.toggle('message__author--none', message.author === null);
  author.firstElementChild.textContent = message.author ?? 'Anonymous';

  const createdAt = new Date(message.createdAt);
  const at = find('.message__time');
  at.dateTime = message.createdAt;
  at.textContent = time.format(createdAt);
  at.title = exactTime.format(createdAt);

  find('.message__text').textContent = message.text;
  showPicture(find('.message__picture'), message.picture);
  remove.addEventListener('click', () => onDelete(message));

  return {
    item,
    focus: () => article.focus(),
    update({ own, deleting, problem }) {
      remove.hidden = !own;
      remove.setAttribute('aria-disabled', String(deleting));
      article.classList.toggle('message--leaving', deleting);
      if (error.textContent !== problem) error.textContent = problem;
    },
  };
}

function showPicture(frame, picture) {
  if (!picture) return frame.remove();
  const image = frame.firstElementChild;
  // The size first: it reserves the space before the picture is there.
  image.width = picture.width;
  image.height = picture.height;
  image.alt = picture.alt ?? '';
  if (picture.alt) image.title = picture.alt;
  image.src = picture.url;
}
