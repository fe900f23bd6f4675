// Everything around the host's machine: what is applied to it, what sessions remember of it, its
// snapshots. Put together here; the engine sees one part.
import type { LogEntry, StoredSnapshot } from '../contracts/index.ts';
import type { RaftEvent, RaftState, SnapshotHead } from '../raft/index.ts';
import { type AppliedAt, BEGINNING } from './applied-point.ts';
import { Applier } from './applier.ts';
import type { LogWindow } from './log-window.ts';
import { MachineState } from './machine-state.ts';
import type { CheckedOptions } from './options.ts';
import { SessionApplier } from './session-applier.ts';
import { Snapshotter } from './snapshotter.ts';

export interface MachineHostParts<C, R, Q, A> {
  readonly options: Pick<
    CheckedOptions<C, R, Q, A>,
    'clock' | 'codec' | 'limits' | 'stateMachine' | 'storage'
  >;
  readonly state: RaftState;
  readonly window: LogWindow;
  /** Makes the names of this run's snapshots unlike all others. */
  readonly origin: string;
  readonly snapshot: StoredSnapshot | undefined;
  /** The machine has kept the effects of every entry up to here itself. */
  readonly keptUpTo: number;
  readonly due: (wallMs: number | undefined) => void;
  readonly verify: (entry: LogEntry, at: AppliedAt | undefined) => PromiseLike<void> | undefined;
  readonly settled: (entry: LogEntry, result: unknown) => void;
  /** A run of entries up to `index` is settled. */
  readonly advanced: (index: number) => void;
  /** A snapshot has put the machine there. */
  readonly restored: (index: number) => void;
  readonly push: (event: RaftEvent) => void;
  readonly received: (head: SnapshotHead, header: Uint8Array) => void;
  readonly failed: (cause: unknown) => void;
}

export class MachineHost<C, R, Q, A> {
  readonly applier: Applier<C, R, Q, A>;
  readonly sessions: SessionApplier<C, R>;
  readonly state: MachineState;
  readonly snapshotter: Snapshotter;

  constructor(parts: MachineHostParts<C, R, Q, A>) {
    const { failed, push, settled, snapshot, state, window } = parts;
    const { clock, codec, limits, stateMachine: machine, storage } = parts.options;
    const { command, result } = codec;
    this.sessions = new SessionApplier({ machine, command, result });
    this.applier = new Applier(
      {
        ...{ machine, codec: command, window, store: storage.log, clock, settled, failed },
        ...{ limits, sessions: this.sessions, due: parts.due, verify: parts.verify },
        isLeading: () => state.role === 'leader',
        advanced: parts.advanced,
      },
      BEGINNING,
    );
    this.applier.keep(parts.keptUpTo);
    this.state = new MachineState({
      ...{ machine, applier: this.applier, sessions: this.sessions },
    });
    const { origin, received, restored } = parts;
    this.snapshotter = new Snapshotter({
      ...{ store: storage.snapshots, clock, machine: this.state, origin, latest: snapshot },
      ...{ received, restored, failed },
      push: (event) => {
        push(event);
        // Entries behind it may have been applied before this is told.
        if (event.type === 'restored') push({ type: 'applied', index: this.applier.applied });
      },
    });
  }
}
