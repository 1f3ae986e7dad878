// The small versions of pictures: where they are, and how wide a picture is shown.

const WIDTHS = [640, 960, 1280];
/** A version is shown up to 15 % larger than it is: nobody sees that, and the next one has twice the bytes. */
const LEAST_OF_WIDTH = 0.87;
/** Width to height, where that is not known yet. */
const USUAL_RATIO = 1.5;

/**
 * The small versions of the picture at `url`, by its address alone; the server leads to the original where that is no
 * larger. There are none of a key with a question mark, nor of AVIF.
 */
export function smallOf(url) {
  if (!url.includes('/images/') || /\?|%3f|\.avif$/i.test(url)) return [];
  // A GIF that is no larger comes as it is, and moves.
  const widths = /\.gif$/i.test(url) ? WIDTHS.slice(0, 1) : WIDTHS;
  return widths.map((width) => ({ url: `${url.replace('/images/', `/small/${width}/`)}.webp`, width }));
}

/** The versions to look at: the small ones, and the picture itself where it is hardly larger than they are, unless it would move. */
export function versionsOf(picture) {
  const { url, width, small } = picture;
  return small.length > 0 && small.length < WIDTHS.length && !moves(picture) ? [...small, { url, width }] : small;
}

/** Whether a picture moves. Of one that was posted before the board looked, the format tells. */
export const moves = ({ type, animated }) => animated ?? type === 'image/gif';

/** Lets `image`, `width` CSS pixels wide, have the version that fits best; the original at `url` where there is none. */
export function point(image, { url, versions, width }) {
  if (versions.length > 0) {
    // In this order WebKit asks for one alone. Of `sizes` it understands neither min() nor max().
    image.sizes = `${Math.ceil(LEAST_OF_WIDTH * width)}px`;
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
