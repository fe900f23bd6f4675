// The numbers of a session's commands, as its client sees them: which are under way, which are of
// unknown fate, and up to where all is settled.
import { CoxswainError } from '../../errors.ts';
import { SESSION_WINDOW } from '../../raft/index.ts';
import { invalidOption } from '../option-checks.ts';

/** `open`: under way, or asked for. `unknown`: it may have been applied, or be yet. */
type Fate = 'open' | 'unknown' | 'settled';

export class Sequences {
  /** Of every sequence above the floor that was given out. */
  readonly #fates = new Map<number, Fate>();
  #floor = 0;
  #last = 0;
  #openCount = 0;

  /** Everything up to here is settled. */
  get floor(): number {
    return this.#floor;
  }

  get hasOpen(): boolean {
    return this.#openCount > 0;
  }

  /** The next number. Throws ERR_QUEUE_FULL. */
  take(): number {
    const sequence = this.#last + 1;
    while (sequence - this.#floor > SESSION_WINDOW) this.#giveUp();
    this.#last = sequence;
    this.#fates.set(sequence, 'open');
    this.#openCount++;
    return sequence;
  }

  /** Somebody asks what became of it. Throws ERR_INVALID_OPTION. */
  ask(sequence: number): void {
    const name = 'outcome: sequence';
    if (!Number.isInteger(sequence) || sequence < 1 || sequence > this.#last) {
      const accepted = `one that was given out, 1 to ${this.#last}`;
      throw invalidOption(name, sequence, this.#last === 0 ? 'none: none was given out' : accepted);
    }
    const fate = this.#fates.get(sequence);
    if (fate === 'open') throw invalidOption(name, sequence, 'one that is not under way');
    if (fate === undefined) {
      throw invalidOption(name, sequence, `one above ${this.#floor}: it was settled or given up`);
    }
    this.#fates.set(sequence, 'open');
    this.#openCount++;
  }

  /** What was under way, or asked for, is over. */
  end(sequence: number, fate: 'unknown' | 'settled'): void {
    this.#fates.set(sequence, fate);
    this.#openCount--;
    while (this.#fates.get(this.#floor + 1) === 'settled') this.#fates.delete(++this.#floor);
  }

  /** The floor will close it for ever: nobody can tell any more whether it was applied. */
  #giveUp(): void {
    const oldest = this.#floor + 1;
    if (this.#fates.get(oldest) === 'unknown') {
      this.#openCount++;
      this.end(oldest, 'settled');
      return;
    }
    const message = `${SESSION_WINDOW} commands of the session are under way or wait for another`;
    const details = { outcome: 'not-applied', retryable: true } as const;
    throw new CoxswainError('ERR_QUEUE_FULL', message, details);
  }
}
