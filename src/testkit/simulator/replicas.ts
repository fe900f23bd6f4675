// The members' machines: the real one of whoever asks, on every member, fed with what is committed
// there. Whatever they answer must be the same on all.
import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../../contracts/index.ts';
import { EntryContext, isThenable, msgpack } from '../../runtime/index.ts';
import { Sandbox } from './sandbox.ts';
import { show } from './show.ts';
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

/** One whose queries are commands: others are never asked. */
interface Querying<C, R> {
  readonly query?: (command: C) => R | PromiseLike<R>;
}

interface Told {
  readonly at: number;
  readonly value: unknown;
}

export class Replicas<C, R, M> {
  readonly #subject: Subject<C, R, M>;
  readonly #codec: Codec<C>;
  readonly #names: readonly string[];
  readonly #sandboxes: readonly Sandbox[];
  readonly #machines: (M & AnyMachine<C, R>)[];
  /** Those whose machines are not what they should be: nobody compares what they say. */
  readonly #distrusted = new Set<number>();
  /** By index: what the first member answered, and its digest after that. */
  readonly #answers = new Map<number, Told>();
  readonly #digests = new Map<number, Told>();
  readonly #results: Codec<R> = msgpack<R>();

  /** `wallMs`: the time of day on each member when it starts. */
  constructor(
    subject: Subject<C, R, M>,
    codec: Codec<C>,
    names: readonly string[],
    wallMs: readonly number[],
    seed: number,
  ) {
    this.#subject = subject;
    this.#codec = codec;
    this.#names = names;
    this.#sandboxes = names.map((name) => new Sandbox(seed, name));
    this.#machines = wallMs.map((nowMs, at) => this.#create(at, nowMs));
  }

  /** Everything in memory is gone. */
  restart(at: number, wallMs: number): void {
    this.#machines[at] = this.#create(at, wallMs);
    this.#distrusted.delete(at);
  }

  distrust(at: number, isBad: boolean): void {
    if (isBad) this.#distrusted.add(at);
    else this.#distrusted.delete(at);
  }

  /** A copy of the answer. Throws MachineViolation. */
  apply(at: number, entry: Applied, wallMs: number): R {
    const machine = this.#machineAt(at);
    const where = `at index ${entry.index} on ${this.#names[at]}`;
    const command = ask('the codec', () => this.#codec.decode(entry.body.slice()));
    const answer = this.#run(at, wallMs, `apply ${where}`, () =>
      machine.apply(command, new EntryContext(entry, 1)),
    );
    const result = this.#copyOf(refuseThenable('apply', answer));
    this.#compare(this.#answers, at, entry.index, 'result', result);
    this.#checkInvariant(at, wallMs, where);
    if (entry.index % DIGEST_EVERY === 0) this.compareDigest(at, entry.index, wallMs);
    return result;
  }

  /** A copy of what the machine says to a command that changes nothing. */
  query(at: number, command: C, wallMs: number): R {
    const machine = this.#machineAt(at) as AnyMachine<C, R> & Querying<C, R>;
    if (typeof machine.query !== 'function') {
      throw new SubjectError('simulate: the machine has no query, and workload.isRead needs one');
    }
    const what = `query on ${this.#names[at]}`;
    const answer = this.#run(at, wallMs, what, () => machine.query?.(command) as R);
    return this.#copyOf(refuseThenable('query', answer));
  }

  /** The state after entry `index` is the same wherever it is reached. */
  compareDigest(at: number, index: number, wallMs: number): void {
    const machine = this.#machineAt(at);
    if (machine.digest === undefined) return;
    const where = `digest at index ${index} on ${this.#names[at]}`;
    const digest = this.#run(at, wallMs, where, () => machine.digest?.() ?? '');
    this.#compare(this.#digests, at, index, 'digest', refuseThenable('digest', digest));
  }

  #checkInvariant(at: number, wallMs: number, where: string): void {
    const { invariant } = this.#subject;
    if (invariant === undefined) return;
    const what = `the invariant ${where}`;
    const held = this.#run(at, wallMs, what, () => invariant(this.#machineAt(at)));
    if (refuseThenable('invariant', held) === false) {
      throw new MachineViolation(`${what} returns false`);
    }
  }

  #machineAt(at: number): M & AnyMachine<C, R> {
    return this.#machines[at] as M & AnyMachine<C, R>;
  }

  #create(at: number, wallMs: number): M & AnyMachine<C, R> {
    const sandbox = this.#sandboxes[at] as Sandbox;
    return ask('machine()', () => sandbox.run(wallMs, () => this.#subject.machine()));
  }

  #run<T>(at: number, wallMs: number, what: string, run: () => T): T {
    try {
      return (this.#sandboxes[at] as Sandbox).run(wallMs, run);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new MachineViolation(`${what} throws: ${text}`, { cause });
    }
  }

  #compare(known: Map<number, Told>, at: number, index: number, what: string, value: unknown) {
    if (this.#distrusted.has(at)) return;
    const first = known.get(index);
    if (first === undefined) known.set(index, { at, value });
    else if (!isDeepStrictEqual(first.value, value)) {
      const [one, other] = [this.#names[first.at], this.#names[at]];
      throw new MachineViolation(
        `the machines differ in the ${what} at index ${index}: ` +
          `${show(first.value)} on ${one}, ${show(value)} on ${other}`,
      );
    }
  }

  /** As a client far away would get it: what the machine does to its own later changes nothing. */
  #copyOf(result: R): R {
    switch (typeof result) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'bigint':
      case 'undefined':
        return result;
      default:
    }
    if (result === null) return result;
    return ask('a result of the machine', () => this.#results.decode(this.#results.encode(result)));
  }
}

function refuseThenable<T>(what: string, value: T | PromiseLike<T>): T {
  if (!isThenable(value)) return value;
  // Nobody will look at it.
  value.then(undefined, () => undefined);
  throw new SubjectError(`simulate: ${what} returned a promise; it runs without promises`);
}

/** What fails here is the fault of whoever asks for the simulation. */
function ask<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new SubjectError(`simulate: ${what}: ${text}`, { cause });
  }
}
