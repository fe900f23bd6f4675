// Tells a request that was seen from a new one, in bounded memory: a bit for each of the latest
// numbers of one origin. What is older than the window counts as seen.

/** How far apart two requests of one origin may overtake each other: a count, a power of two. */
const WINDOW = 131_072;

export class RepeatWindow {
  readonly #seen = new Uint32Array(WINDOW / 32);
  #high = -1;

  /** True the first time `number` is given, false afterwards and when it is too old to tell. */
  accept(number: number): boolean {
    if (number <= this.#high - WINDOW) return false;
    if (number > this.#high) this.#advance(number);
    const word = (number % WINDOW) >>> 5;
    const bit = 1 << (number & 31);
    const bits = this.#seen[word] ?? 0;
    if ((bits & bit) !== 0) return false;
    this.#seen[word] = bits | bit;
    return true;
  }

  #advance(high: number): void {
    if (high - this.#high >= WINDOW) {
      this.#seen.fill(0);
    } else {
      for (let number = this.#high + 1; number <= high; number++) {
        const word = (number % WINDOW) >>> 5;
        this.#seen[word] = (this.#seen[word] ?? 0) & ~(1 << (number & 31));
      }
    }
    this.#high = high;
  }
}
