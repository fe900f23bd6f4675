// The members' machines: the real one of whoever asks, on every member, fed with what is committed
// there. Whatever they answer must be the same on all.
import type { Codec } from '../../contracts/index.ts';
import { assert } from '../../lib/assert.ts';
import { EntryContext, isThenable, msgpack } from '../../runtime/index.ts';
import { Sandbox } from './sandbox.ts';
import { type AnyMachine, type Subject, SubjectError } from './subject.ts';

/** Entries between two comparisons of digests. */
const DIGEST_EVERY = 16;

/** The machine did something that no machine may do. */
class MachineViolation extends Error {}

interface Applied {
  readonly index: number;
  readonly term: number;
  readonly timeMs: number;
  readonly body: Uint8Array;
}

export class Replicas<C, R, M> {
  readonly #subject: Subject<C, R, M>;
  readonly #codec: Codec<C>;
  readonly #names: readonly string[];
  readonly #sandboxes: readonly Sandbox[];
  readonly #machines: (M & AnyMachine<C, R>)[];
  /** By index: what the first member answered, and its digest after that. */
  readonly #answers = new Map<number, Told>();
  readonly #digests = new Map<number, Told>();
  readonly #results: Codec<R> = msgpack<R>();

  constructor(subject: Subject<C, R, M>, codec: Codec<C>, names: readonly string[], seed: number) {
    this.#subject = subject;
    this.#codec = codec;
    this.#names = names;
    this.#sandboxes = names.map((name) => new Sandbox(seed, name));
    this.#machines = names.map((_, at) => this.#create(at, 0));
  }

  /** Everything in memory is gone. */
  restart(at: number, wallMs: number): void {
    this.#machines[at] = this.#create(at, wallMs);
  }

  /** Throws MachineViolation. */
  apply(at: number, entry: Applied, wallMs: number): R {
    const machine = this.#machineAt(at);
    const where = `at index ${entry.index} on ${this.#names[at]}`;
    const command = this.#codec.decode(entry.body);
    const result = this.#run(at, wallMs, `apply ${where}`, () =>
      machine.apply(command, new EntryContext(entry)),
    );
    if (isThenable(result)) throw new SubjectError('simulate() runs machines without promises');
    this.#compare(this.#answers, at, entry.index, `result`, () => this.#textOf(result));
    const { invariant } = this.#subject;
    if (invariant !== undefined) {
      this.#run(at, wallMs, `the invariant ${where}`, () => invariant(machine));
    }
    if (entry.index % DIGEST_EVERY === 0) this.compareDigest(at, entry.index, wallMs);
    return result;
  }

  /** The state after entry `index` is the same wherever it is reached. */
  compareDigest(at: number, index: number, wallMs: number): void {
    const machine = this.#machineAt(at);
    if (machine.digest === undefined) return;
    const where = `digest at index ${index} on ${this.#names[at]}`;
    const digest = this.#run(at, wallMs, where, () => machine.digest?.() ?? '');
    if (isThenable(digest)) throw new SubjectError('simulate() runs machines without promises');
    this.#compare(this.#digests, at, index, 'digest', () => digest);
  }

  #machineAt(at: number): M & AnyMachine<C, R> {
    return this.#machines[at] as M & AnyMachine<C, R>;
  }

  #create(at: number, wallMs: number): M & AnyMachine<C, R> {
    const sandbox = this.#sandboxes[at] as Sandbox;
    return sandbox.run(wallMs, () => this.#subject.machine());
  }

  #run<T>(at: number, wallMs: number, what: string, run: () => T): T {
    try {
      return (this.#sandboxes[at] as Sandbox).run(wallMs, run);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new MachineViolation(`${what} throws: ${text}`, { cause });
    }
  }

  #compare(
    known: Map<number, Told>,
    at: number,
    index: number,
    what: string,
    tell: () => string,
  ): void {
    const text = tell();
    const first = known.get(index);
    if (first === undefined) known.set(index, { at, text });
    else if (first.text !== text) {
      const [one, other] = [this.#names[first.at], this.#names[at]];
      throw new MachineViolation(
        `the machines differ in the ${what} at index ${index}: ` +
          `${clip(first.text)} on ${one}, ${clip(text)} on ${other}`,
      );
    }
  }

  #textOf(result: R): string {
    if (typeof result !== 'object' || result === null) return `${typeof result} ${String(result)}`;
    try {
      const bytes = this.#results.encode(result);
      assert(bytes.length > 0, 'a result has an encoding');
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    } catch (cause) {
      throw new SubjectError('a result of the machine is not a plain value', { cause });
    }
  }
}

interface Told {
  readonly at: number;
  readonly text: string;
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
