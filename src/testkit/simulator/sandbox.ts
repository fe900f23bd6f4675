// A machine in the simulator sees no real clock and no real chance: what it reads of them by
// mistake differs from member to member, always in the same way for the same seed.
import { Random } from './random.ts';

export class Sandbox {
  readonly #random: Random;
  readonly #date: DateConstructor;
  #nowMs = 0;

  constructor(seed: number, name: string) {
    this.#random = new Random(seed, `sandbox ${name}`);
    this.#date = new Proxy(Date, {
      construct: (date, args: unknown[], made) =>
        Reflect.construct(date, args.length === 0 ? [this.#nowMs] : args, made),
      apply: (date) => new date(this.#nowMs).toString(),
      get: (date, key, receiver) =>
        key === 'now' ? () => this.#nowMs : Reflect.get(date, key, receiver),
    });
  }

  /** Calls `run` where `Date` says `nowMs` and `Math.random` draws from the seed. */
  run<T>(nowMs: number, run: () => T): T {
    const { Date: date } = globalThis;
    const { random } = Math;
    this.#nowMs = nowMs;
    globalThis.Date = this.#date;
    Math.random = () => this.#random.unit();
    try {
      return run();
    } finally {
      globalThis.Date = date;
      Math.random = random;
    }
  }
}
