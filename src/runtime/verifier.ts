// When a `verify` entry is logged, and with what: the leader's part in finding machines that differ
// (RA17). What each member makes of it is in divergence.ts.
import type { MemberId } from '../contracts/index.ts';
import type { RaftState } from '../raft/index.ts';
import { DigestReports } from './digest-reports.ts';
import type { OwnEntries } from './own-entries.ts';
import { type Comparison, type DigestAt, encodeVerify } from './wire/index.ts';

export interface VerifierParts {
  readonly state: RaftState;
  readonly entries: Pick<OwnEntries, 'isUnderWay' | 'log' | 'stepDown'>;
  /** Between two of them, as entries of the log: a count, as it is at the moment of use. */
  readonly options: { readonly verifyEveryEntries: number };
  readonly applied: () => number;
}

export class Verifier {
  readonly #parts: VerifierParts;
  readonly #reports = new DigestReports();
  /** The last `verify` entry that was applied. */
  #last = 0;
  /** What was compared up to here needs no more looking at. */
  #settled = 0;
  #lastEqual = 0;
  /** What a majority had, when it was last known: whoever was away compares itself with that. */
  #known: Comparison | undefined;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  /** A `verify` entry is applied. The log is what leaders after this one go on from. */
  logged(index: number, compared: Comparison | undefined): void {
    this.#last = index;
    if (compared === undefined) return;
    this.#lastEqual = Math.max(this.#lastEqual, compared.lastEqual);
    if (compared.digest !== undefined) this.#know(compared);
    // Whoever was odd is told, and is not asked about what came before that again.
    if (isVerdict(compared)) this.#settled = Math.max(this.#settled, index - 1);
  }

  /** The next leader compares at once. */
  hurry(): void {
    this.#last = Number.NEGATIVE_INFINITY;
  }

  receive(from: MemberId, digests: readonly DigestAt[]): void {
    const { id, leading } = this.#parts.state;
    const progress = leading?.progress.get(from);
    const isKnown = from === id || (progress !== undefined && !progress.stranger);
    if (leading !== undefined && isKnown) this.#reports.add(from, digests);
  }

  stepDown(): void {
    this.#reports.clear();
    this.#parts.entries.stepDown();
  }

  /** Logs an entry when it is time, or when somebody must be told. */
  check(): void {
    const { applied, entries, options, state } = this.#parts;
    if (state.role !== 'leader' || entries.isUnderWay) return;
    // What earlier leaders have found is in the log before the first entry of this term.
    if (applied() < (state.log.runs.at(-1)?.from ?? 0)) return;
    const verdict = this.#findVerdict();
    const isTime = applied() - this.#last >= options.verifyEveryEntries;
    if (verdict === undefined && !isTime) return;
    entries.log(encodeVerify(verdict ?? this.#ordinary()));
  }

  #findVerdict(): Comparison | undefined {
    const { config } = this.#parts.state;
    for (const index of this.#reports.above(this.#settled)) {
      const found = this.#reports.find(config, index);
      if (found.type === 'pending') continue;
      const { digest } = found;
      const lastEqual = this.#lastEqual;
      if (found.type === 'unequal') return { index, lastEqual, digest, odd: found.odd };
      this.#know({ index, lastEqual, digest, odd: [] });
      if (!found.isWhole) continue;
      this.#settled = index;
      this.#lastEqual = Math.max(lastEqual, index);
    }
    return undefined;
  }

  #know(compared: Comparison): void {
    if (compared.index >= (this.#known?.index ?? 0)) this.#known = { ...compared, odd: [] };
  }

  #ordinary(): Comparison | undefined {
    const known = this.#known;
    if (known === undefined) return undefined;
    return { ...known, lastEqual: Math.min(this.#lastEqual, known.index - 1) };
  }
}

/** Somebody differs. */
export function isVerdict({ digest, odd }: Comparison): boolean {
  return digest === undefined || odd.length > 0;
}
