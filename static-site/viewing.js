// Which picture is looked at, and which ones one can go to from it.

export class Viewing {
  /** The address of the picture that is shown, or null. */
  url = null;
  /** The addresses of all pictures that one can go to, newest first. */
  urls = [];

  get index() {
    return this.urls.indexOf(this.url);
  }

  /** The picture that is shown and its neighbours. */
  get near() {
    return this.urls.slice(Math.max(0, this.index - 1), this.index + 2);
  }

  show(url) {
    this.url = url;
    this.urls = [];
  }

  /** Goes to the picture at a place, and answers whether that is another one. */
  go(index) {
    const url = this.urls[index];
    if (!url || url === this.url) return false;
    this.url = url;
    return true;
  }

  /**
   * Takes the pictures as they are now: the first of the lists that has the one that is shown, and all that one could go
   * to till now, or places would move under a finger. Where the picture is gone, goes to the next one that is left, and
   * where there is none, to null.
   */
  take(lists) {
    const known = lists.map((list) => ({ list, set: new Set(list) }));
    const isThere = (one) => known.some(({ set }) => set.has(one));
    const { url, urls, index } = this;
    if (urls.length > 1 && !isThere(url)) {
      this.url = [...urls.slice(index + 1), ...urls.slice(0, index).reverse()].find(isThere) ?? null;
    }
    const left = urls.filter(isThere);
    const fitting = known.filter(({ set }) => set.has(this.url));
    const chosen = fitting.find(({ set }) => left.every((one) => set.has(one))) ?? fitting[0];
    this.urls = this.url === null ? [] : (chosen?.list ?? [this.url]);
  }
}
