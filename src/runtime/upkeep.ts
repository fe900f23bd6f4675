// What members do for the sake of their machines, unasked: the leader lets fall due what is due,
// has states compared, and raises versions. Put together here; the engine sees one part.
import type { Clock, LogEntry, Logger, MemberId, Transport } from '../contracts/index.ts';
import type { CoxswainError } from '../errors.ts';
import type { RaftState, Sessions } from '../raft/index.ts';
import type { Announcer } from './announcer.ts';
import type { AppliedAt } from './applied-point.ts';
import { Divergence } from './divergence.ts';
import type { EventLoop } from './event-loop.ts';
import type { CheckedOptions } from './options.ts';
import { OwnEntries } from './own-entries.ts';
import { readStored } from './read-stored.ts';
import type { Proposals } from './requests/index.ts';
import type { Snapshotter } from './snapshotter.ts';
import { stateDigest } from './state-digest.ts';
import type { StoreRecord } from './store-record.ts';
import { Ticker } from './ticker.ts';
import { Upgrades } from './upgrades.ts';
import { Verifier } from './verifier.ts';
import { decodeVerify, type FrameCodec, type Report } from './wire/index.ts';

export interface UpkeepParts {
  readonly state: RaftState;
  readonly options: Pick<
    CheckedOptions<never, unknown, never, unknown>,
    'electionMinMs' | 'stateMachine' | 'verifyEveryEntries'
  > & { readonly clock: Clock; readonly logger: Logger; readonly transport: Transport };
  readonly codec: FrameCodec;
  readonly record: StoreRecord;
  readonly proposals: Proposals;
  /** It is made later. */
  readonly machine: () => {
    readonly applier: { readonly applied: number; readonly machineVersion: number };
    readonly sessions: { readonly table: Sessions };
    readonly snapshotter: Pick<Snapshotter, 'giveUp'>;
  };
  readonly failReads: (error: CoxswainError) => void;
  readonly announcer: Pick<Announcer, 'announce' | 'divergence'>;
  /** It is made later. */
  readonly loop: () => Pick<EventLoop, 'push' | 'wake'>;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #ticker: Ticker;
  readonly #divergence: Divergence;
  readonly #verifier: Verifier;
  readonly #upgrades: Upgrades;

  constructor(parts: UpkeepParts) {
    const { loop, machine, options, proposals, state } = parts;
    const wake = () => loop().wake();
    this.#parts = parts;
    this.#ticker = new Ticker({ state, clock: options.clock, proposals, wake });
    this.#verifier = new Verifier({
      ...{ state, options, applied: () => machine().applier.applied },
      entries: new OwnEntries('verify', proposals, wake),
    });
    this.#divergence = this.#createDivergence();
    this.#upgrades = new Upgrades({
      ...{ state, machineVersion: options.stateMachine.version ?? 1 },
      entries: new OwnEntries('version', proposals, wake),
      get applier() {
        return machine().applier;
      },
      send: (to, report) => this.#send(to, report),
    });
  }

  /** What a read is refused with; undefined while the machine may be asked. */
  refusal(): CoxswainError | undefined {
    return this.#divergence.refusal();
  }

  /** What the machine of this leader says now. */
  due(wallMs: number | undefined): void {
    this.#ticker.due(wallMs);
  }

  /** A `verify` entry, before it settles. */
  verify({ body, index }: LogEntry, at: AppliedAt | undefined): PromiseLike<void> | undefined {
    const compared = readStored('verify', index, () => decodeVerify(body));
    this.#verifier.logged(index, compared);
    return this.#divergence.apply(index, compared, at);
  }

  /** Entries are settled. */
  advanced(): void {
    this.#upgrades.check();
    if (this.#parts.options.stateMachine.digest !== undefined) this.#verifier.check();
  }

  /** The machine is now as a snapshot of `index` says. */
  restored(index: number): void {
    this.#divergence.restored(index);
  }

  receive(from: MemberId, report: Report): void {
    if (report.type === 'capabilities') this.#upgrades.receive(from, report);
    else this.#verifier.receive(from, report.digests);
    this.advanced();
  }

  roleChanged(): void {
    this.#upgrades.leaderChanged();
    if (this.#parts.state.role !== 'leader') {
      this.#ticker.stepDown();
      this.#verifier.stepDown();
    }
    this.#report();
  }

  expire(nowMs: number): void {
    this.#ticker.expire(nowMs);
    this.#upgrades.expire(nowMs);
  }

  nextExpiry(): number {
    return Math.min(this.#ticker.nextExpiry(), this.#upgrades.nextExpiry());
  }

  #createDivergence(): Divergence {
    const { announcer, failReads, loop, machine, options, record, state } = this.#parts;
    const { logger, stateMachine } = options;
    return new Divergence({
      ...{ id: state.id, machine: stateMachine, logger },
      ...{ historyUpTo: state.log.last, repairFrom: record.identity.repairFrom },
      combine: (digest, at) => stateDigest(digest, at, machine().sessions.table),
      push: (event) => loop().push(event),
      isWanted: () => state.snapshots.repairFrom > 0,
      record: (repairFrom) => record.repair(repairFrom),
      tell: (event) => announcer.divergence(event),
      tellLast: (event) => announcer.announce('divergence', event),
      distrusted: (error) => {
        machine().snapshotter.giveUp();
        failReads(error);
      },
      report: () => this.#report(),
      hurry: () => this.#verifier.hurry(),
      farewell: () => this.#farewell(),
    });
  }

  /** The others learn what is committed with the next heartbeat. */
  #farewell(): Promise<void> | undefined {
    const { clock, electionMinMs } = this.#parts.options;
    if (this.#parts.state.role !== 'leader') return undefined;
    return new Promise((resolve) => void clock.after(electionMinMs, resolve));
  }

  /** Its digests, to the leader, which may be itself. */
  #report(): void {
    const { id, leader } = this.#parts.state;
    const { digests } = this.#divergence;
    if (leader === undefined || digests.length === 0) return;
    if (leader === id) this.#verifier.receive(id, digests);
    else this.#send(leader, { type: 'digest-report', digests });
  }

  #send(to: MemberId, report: Report): void {
    const { codec, options } = this.#parts;
    options.transport.send(to, [codec.encodeReport(report)], 'control');
  }
}
