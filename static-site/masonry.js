// Where the cards of the wall hang: placed in their order, each in the column that is shortest, and among columns that
// are nearly as short in the first, so that who goes from card to card goes as the eye does. Knows no DOM.

/** How many pixels longer than the shortest a column may be to be nearly as short. */
const NEARLY = 24;

export class Masonry {
  #columns;
  #gap;
  /** The places of the cards, in the order in which these were placed. */
  #places = new Map();

  constructor(columns, gap) {
    this.#columns = Array.from({ length: columns }, () => []);
    this.#gap = gap;
  }

  /** How high the wall is. */
  get height() {
    return Math.max(0, Math.max(...this.#columns.map((column) => this.#end(column))) - this.#gap);
  }

  /** How far down all columns go. */
  get filled() {
    return Math.min(...this.#columns.map((column) => this.#end(column)));
  }

  get ids() {
    return [...this.#places.keys()];
  }

  /** `{ column, top, height }` of what hangs, else undefined. */
  get(id) {
    return this.#places.get(id);
  }

  has(id) {
    return this.#places.has(id);
  }

  /** Hangs one more card after all others, which stay where they are. */
  add(id, height) {
    const ends = this.#columns.map((column) => this.#end(column));
    const shortest = Math.min(...ends);
    const index = ends.findIndex((end) => end <= shortest + NEARLY);
    const place = { column: index, top: ends[index], height };
    this.#columns[index].push(place);
    this.#places.set(id, place);
  }

  /** Sets a card's height, and answers whether it is another one: then the cards below it in its column have moved. */
  setHeight(id, height) {
    const place = this.#places.get(id);
    if (!place || Math.abs(place.height - height) < 1) return false;
    place.height = height;
    this.#stack(place.column);
    return true;
  }

  /** Takes a card down. With `isKept` its place stays empty, so that nothing moves. */
  remove(id, { isKept = false } = {}) {
    const place = this.#places.get(id);
    this.#places.delete(id);
    if (!place || isKept) return;
    const column = this.#columns[place.column];
    column.splice(column.indexOf(place), 1);
    this.#stack(place.column);
  }

  #end(column) {
    const last = column.at(-1);
    return last ? last.top + last.height + this.#gap : 0;
  }

  #stack(index) {
    let top = 0;
    for (const place of this.#columns[index]) {
      place.top = top;
      top += place.height + this.#gap;
    }
  }
}
