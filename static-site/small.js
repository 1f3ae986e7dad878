// The small versions of pictures: where they are, and how wide a picture is shown.

const WIDTHS = [640, 960, 1280];
/** A version that is nearly as wide will do. */
const NEARLY = 0.87;
/** On the wall pictures are no narrower and no wider than this, width to height; of one that is longer, its top is seen. */
const NARROWEST = 3 / 4;
const WIDEST = 2;
const LONG = 1 / 2;

/** The small versions of the picture at `url`; the server leads to the original where that is no larger. */
export function smallOf(url) {
  // There are none of a key with a question mark, nor of AVIF.
  if (!url.includes('/images/') || /\?|%3f|\.avif$/i.test(url)) return [];
  // A GIF that is no larger comes as it is, and moves.
  const widths = /\.gif$/i.test(url) ? WIDTHS.slice(0, 1) : WIDTHS;
  return widths.map((width) => ({ url: `${url.replace('/images/', `/small/${width}/`)}.webp`, width }));
}

/** The versions to look at: the small ones, and the picture itself where it is hardly larger, unless it would move. */
export function versionsOf(picture) {
  const { url, width, small } = picture;
  return small.length > 0 && small.length < WIDTHS.length && !moves(picture) ? [...small, { url, width }] : small;
}

/** Whether a picture moves. Of one that was posted before the board looked, the format tells. */
export const moves = ({ type, animated }) => animated ?? type === 'image/gif';

/** The same of a picture that no message tells of, by what its file is called. */
export const movesByName = (url) => /\.(gif|apng)$/i.test(url);

/** Lets `image`, `width` CSS pixels wide, have the version that fits best; the original at `url` where there is none. */
export function point(image, { url, versions, width }) {
  if (versions.length > 0) {
    // In this order WebKit asks for one alone. In `sizes` it knows no min().
    image.sizes = `${Math.ceil(NEARLY * width)}px`;
    image.srcset = versions.map((version) => `${version.url} ${version.width}w`).join(', ');
  } else {
    image.removeAttribute('srcset');
  }
  image.src = url;
}

/** How a picture is cut on the wall: its `ratio` there, and whether it is `wide` or `long` by far, so that much of it is not seen. */
export function cropOf({ width, height }) {
  const ratio = width / height;
  const kind = ratio > WIDEST ? 'wide' : ratio < LONG ? 'long' : '';
  return { ratio: Math.min(WIDEST, Math.max(NARROWEST, ratio)), kind };
}
