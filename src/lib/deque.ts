// A first-in first-out list that also drops from its tail, without the cost of Array.shift.

export class Deque<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item `at` places behind the first; undefined past the end. */
  at(place: number): T | undefined {
    return this.#items[this.#head + place];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.length > 0) this.drop(1);
    return item;
  }

  /** Removes the first `count` items. */
  drop(count: number): void {
    this.#head = Math.min(this.#head + count, this.#items.length);
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Removes and returns everything from `place` on. */
  cut(place: number): T[] {
    return this.#items.splice(this.#head + Math.max(place, 0));
  }

  /** A copy of the items [from, until), counted from the first. */
  slice(from: number, until: number): T[] {
    return this.#items.slice(this.#head + from, this.#head + until);
  }

  /** Removes and returns everything. */
  clear(): T[] {
    return this.cut(0);
  }
}
