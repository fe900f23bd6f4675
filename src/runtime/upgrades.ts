// Versions rise for all members at one entry of the log (RA19): each tells its leader what it can,
// as long as that is more than the log asks for, and the leader logs what all of them can.
import type { MemberId } from '../contracts/index.ts';
import { membersOf, type RaftState } from '../raft/index.ts';
import { FEATURES } from './applied-point.ts';
import type { OwnEntries } from './own-entries.ts';
import { type Capabilities, encodeVersion } from './wire/index.ts';

export interface UpgradesParts {
  readonly state: RaftState;
  readonly entries: Pick<OwnEntries, 'isUnderWay' | 'log' | 'stepDown'>;
  /** The highest that this member's machine can. */
  readonly machineVersion: number;
  readonly applier: { readonly applied: number; readonly machineVersion: number };
  readonly send: (to: MemberId, capabilities: Capabilities) => void;
}

/** What was said so many election timeouts ago counts no more: it may be other code by now. */
const VALID_TIMEOUTS = 3;

interface Said extends Capabilities {
  readonly atMs: number;
}

export class Upgrades {
  readonly #parts: UpgradesParts;
  readonly #said = new Map<MemberId, Said>();
  /** When its own were sent to this leader. */
  #sentMs = Number.NEGATIVE_INFINITY;

  constructor(parts: UpgradesParts) {
    this.#parts = parts;
  }

  leaderChanged(): void {
    this.#said.clear();
    this.#sentMs = Number.NEGATIVE_INFINITY;
    if (this.#parts.state.role !== 'leader') this.#parts.entries.stepDown();
  }

  receive(from: MemberId, said: Capabilities): void {
    const { now, leading } = this.#parts.state;
    const progress = leading?.progress.get(from);
    if (progress === undefined || progress.stranger) return;
    this.#said.set(from, { ...said, atMs: now });
  }

  /** A leader logs the new version when all members have said that they can more. */
  check(): void {
    const { applier, entries, machineVersion: own, state } = this.#parts;
    if (state.role !== 'leader' || entries.isUnderWay || own <= applier.machineVersion) return;
    // An earlier leader's entry may be in the log and not applied yet.
    if (applier.applied < (state.log.runs.at(-1)?.from ?? 0)) return;
    let lowest = { features: FEATURES, machineVersion: own };
    for (const id of membersOf(state.config)) {
      if (id === state.id) continue;
      const said = this.#said.get(id);
      if (said === undefined || !this.#isValid(said)) return;
      lowest = {
        features: Math.min(lowest.features, said.features),
        machineVersion: Math.min(lowest.machineVersion, said.machineVersion),
      };
    }
    if (lowest.machineVersion > applier.machineVersion) entries.log(encodeVersion(lowest));
  }

  /** Repeated until the log asks for as much. */
  expire(nowMs: number): void {
    if (nowMs < this.nextExpiry()) return;
    const { machineVersion, send, state } = this.#parts;
    if (state.leader === undefined) return;
    this.#sentMs = nowMs;
    send(state.leader, { type: 'capabilities', features: FEATURES, machineVersion });
  }

  nextExpiry(): number {
    const { applier, machineVersion, state } = this.#parts;
    const { id, leader, options } = state;
    const isUnheard = leader !== undefined && leader !== id;
    if (!isUnheard || machineVersion <= applier.machineVersion) return Number.POSITIVE_INFINITY;
    return this.#sentMs + options.electionMinMs;
  }

  #isValid({ atMs }: Said): boolean {
    const { now, options } = this.#parts.state;
    return now - atMs <= VALID_TIMEOUTS * options.electionMaxMs;
  }
}
