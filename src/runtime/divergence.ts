// Machines that should be equal and are not (RA17). Every member takes a digest of its state before
// each `verify` entry and tells it to the leader; a later entry says what a majority had. Who had
// another is not to be trusted: it answers no reads and leads only to hand over, until it is
// restored from a snapshot that was taken after that entry, by a member that was not odd itself.
import type { Logger, MemberId, StateMachine } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Repair } from '../raft/index.ts';
import type { AppliedAt } from './applied-point.ts';
import type { DivergenceEvent } from './events.ts';
import { isThenable } from './thenable.ts';
import { isVerdict } from './verifier.ts';
import { type Comparison, type DigestAt, MAX_DIGESTS } from './wire/index.ts';

export interface DivergenceParts {
  readonly id: MemberId;
  readonly machine: Pick<StateMachine<never, unknown>, 'digest'>;
  readonly logger: Logger;
  /** Entries up to here were in the log when the node was opened. */
  readonly historyUpTo: number;
  /** Not repaired in an earlier run; 0 when there was nothing to repair. */
  readonly repairFrom: number;
  /** The machine's digest with the library's own part. */
  readonly combine: (digest: string, at: AppliedAt) => string;
  /** The core still asks for a snapshot. */
  readonly isWanted: () => boolean;
  /** The store remembers it from the next write on. */
  readonly record: (repairFrom: number) => void;
  readonly push: (event: Repair) => void;
  /** Snapshots that are being taken and reads that wait are of a machine that is wrong. */
  readonly distrusted: (error: CoxswainError) => void;
  readonly tell: (event: DivergenceEvent) => void;
  /** The same at once: the node stops. */
  readonly tellLast: (event: DivergenceEvent) => void;
  /** The leader should hear of what is kept. */
  readonly report: () => void;
  /** It is not known whether all are equal now. */
  readonly hurry: () => void;
  /** Of a leader: resolves when the others can have heard what is committed. */
  readonly farewell: () => PromiseLike<void> | undefined;
}

/** So often a machine is repaired in one run: after that it is wrong by itself. */
const MAX_REPAIRS = 3;

export class Divergence {
  readonly #parts: DivergenceParts;
  readonly #digests = new Map<number, string>();
  #repairFrom: number;
  #repairs = 0;
  /** The last index for which its own digest was that of a majority. */
  #lastEqual = 0;
  #found: DivergenceEvent | undefined;
  /** No majority is equal: the node stops, as soon as a leader has let the others know. */
  #isOver = false;

  constructor(parts: DivergenceParts) {
    this.#parts = parts;
    this.#repairFrom = parts.repairFrom;
    if (parts.repairFrom === 0) return;
    const { logger, repairFrom } = parts;
    logger.error({ repairFrom }, 'the machine differs from the others, and is not repaired yet');
  }

  get isDiverged(): boolean {
    return this.#repairFrom > 0 || this.#isOver;
  }

  /** What was taken of late, in order. */
  get digests(): readonly DigestAt[] {
    return [...this.#digests].map(([index, digest]) => ({ index, digest }));
  }

  /** What a read is refused with; undefined while the machine may be asked. */
  refusal(): CoxswainError | undefined {
    return this.isDiverged ? untrusted() : undefined;
  }

  /** Before a `verify` entry settles; `at` is undefined where the machine is ahead of the log. */
  apply(
    index: number,
    compared: Comparison | undefined,
    at: AppliedAt | undefined,
  ): PromiseLike<void> | undefined {
    const ending = compared && this.#judge(index, compared);
    if (ending !== undefined) return ending;
    const { machine } = this.#parts;
    if (at === undefined || this.isDiverged || machine.digest === undefined) return undefined;
    const digest = machine.digest();
    if (!isThenable(digest)) {
      this.#keep(index, at, digest);
      return undefined;
    }
    return digest.then((text) => this.#keep(index, at, text));
  }

  /** The machine is now as a snapshot of `index` says. */
  restored(index: number): void {
    this.#digests.clear();
    const { isWanted, logger, record, tell } = this.#parts;
    if (this.#repairFrom === 0 || index < this.#repairFrom || isWanted()) return;
    const nothing = { digest: undefined, expected: undefined, members: [this.#parts.id] };
    const unknown = { lastEqual: 0, firstUnequal: this.#repairFrom, isSelf: true, ...nothing };
    this.#repairFrom = 0;
    record(0);
    logger.info({ index }, 'the machine is repaired');
    tell({ ...(this.#found ?? unknown), repaired: true });
  }

  #keep(index: number, at: AppliedAt, digest: unknown): void {
    if (typeof digest !== 'string') {
      throw new TypeError(`digest() gave ${typeof digest}, not a string`);
    }
    this.#digests.set(index, this.#parts.combine(digest, at));
    for (const each of this.#digests.keys()) {
      if (this.#digests.size <= MAX_DIGESTS) break;
      this.#digests.delete(each);
    }
    this.#parts.report();
  }

  /** A promise that will be rejected when this node has to stop. */
  #judge(at: number, compared: Comparison): PromiseLike<void> | undefined {
    const { hurry, historyUpTo, id, tell } = this.#parts;
    const { digest: expected, index, odd } = compared;
    const digest = this.#digests.get(index);
    const event = this.#eventOf(compared, digest);
    const isHistory = at <= historyUpTo;
    if (expected === undefined) {
      // Whoever has started this node again knows, and wants to see whether it is so still.
      if (!isHistory) return this.#end(event, disagreement(compared));
      hurry();
      return undefined;
    }
    // Without a digest of its own it can be that it was told another before it was started again.
    const isSelf = digest === undefined ? odd.includes(id) : digest !== expected;
    if (digest === expected) this.#lastEqual = Math.max(this.#lastEqual, index);
    if (isSelf && !this.isDiverged) this.#distrust(at, event);
    else if (isVerdict(compared) && !isHistory && !isSelf) tell(event);
    return undefined;
  }

  /** Until then nothing more is applied, or read. */
  #end(event: DivergenceEvent, error: CoxswainError): PromiseLike<void> {
    const { distrusted, farewell, tellLast } = this.#parts;
    this.#isOver = true;
    distrusted(untrusted());
    tellLast(event);
    const others = farewell();
    if (others === undefined) throw error;
    return others.then(() => {
      throw error;
    });
  }

  #distrust(at: number, found: DivergenceEvent): void {
    const { distrusted, id, logger, push, record, tell, tellLast } = this.#parts;
    const members = [...new Set([...found.members, id])];
    const event = { ...found, members, isSelf: true };
    this.#found = event;
    if (this.#repairs === MAX_REPAIRS) {
      tellLast(event);
      throw hopeless(event);
    }
    this.#repairs++;
    this.#repairFrom = at;
    this.#digests.clear();
    record(at);
    push({ type: 'repair', index: at });
    const { firstUnequal, lastEqual } = event;
    logger.error({ lastEqual, firstUnequal }, 'the machine differs from those of a majority');
    distrusted(untrusted());
    tell(event);
  }

  #eventOf(compared: Comparison, digest: string | undefined): DivergenceEvent {
    const { digest: expected, index: firstUnequal, odd: members } = compared;
    const lastEqual = Math.max(compared.lastEqual, this.#lastEqual);
    const self = { isSelf: false, digest, expected, repaired: false };
    return { lastEqual: Math.min(lastEqual, firstUnequal - 1), firstUnequal, members, ...self };
  }
}

function untrusted(): CoxswainError {
  const message = 'the state machine of this member differs from the others, and is being repaired';
  return new CoxswainError('ERR_DIVERGED', message, { outcome: 'not-applied', retryable: true });
}

function disagreement({ index, lastEqual }: Comparison): CoxswainError {
  const message =
    `no majority of members has the same state before entry ${index}; ` +
    `the last one at which all were equal is ${lastEqual}`;
  return new CoxswainError('ERR_DIVERGED', message, { index, outcome: 'unknown' });
}

function hopeless({ firstUnequal: index }: DivergenceEvent): CoxswainError {
  const message = `the state machine differs from the others again, after ${MAX_REPAIRS} repairs`;
  return new CoxswainError('ERR_DIVERGED', message, { index, outcome: 'unknown' });
}
