// The small versions of pictures: where they are, and how wide a picture is shown.

const WIDTHS = [640, 960, 1280];
/** A version that is nearly as wide will do. */
const NEARLY = 0.87;
/** Width to height, where that is not known yet. */
const USUAL_RATIO = 1.5;

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

/** How wide all of a picture is in the carrousel, as style.css has its stage. */
export function widthInCarrousel({ innerWidth, innerHeight }, ratio = USUAL_RATIO) {
  const height = Math.max(200, Math.min(0.44 * innerHeight, 0.66 * innerWidth, 500));
  return Math.min(innerWidth - 32, 1120, ratio * height);
}
