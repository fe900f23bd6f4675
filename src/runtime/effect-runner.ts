// What each effect means: the log in memory, the disk, the network, the machine. In the order in
// which the effects come.
import { unreachable } from '../lib/assert.ts';
import type {
  AppendEntries,
  ConfigurationAt,
  Effect,
  RaftEvent,
  ReadIndex,
  Receive,
  SnapshotEffect,
} from '../raft/index.ts';
import type { Applier } from './applier.ts';
import type { LogWindow } from './log-window.ts';
import type { Proposals } from './requests/index.ts';
import type { Roster } from './roster.ts';
import type { Sender } from './sender.ts';
import type { Snapshotter } from './snapshotter.ts';
import { type EntryRun, OwnEntry, type ReceivedChunk, type SizedEntry } from './wire/index.ts';
import type { Writer } from './writer.ts';

export interface EffectRunnerParts {
  readonly window: LogWindow;
  readonly writer: Writer;
  readonly sender: Sender;
  readonly proposals: Proposals;
  readonly snapshots: Pick<
    Snapshotter,
    'take' | 'receive' | 'store' | 'keep' | 'prune' | 'restore'
  >;
  readonly applier: Pick<Applier<never, unknown, never, unknown>, 'advance' | 'skip'>;
  readonly readIndex: (effect: ReadIndex) => void;
  readonly roster: Roster;
  readonly membersChanged: (configs: readonly ConfigurationAt[]) => void;
  readonly roleChanged: () => void;
}

const NO_BODY = new Uint8Array(0);

export class EffectRunner {
  readonly #parts: EffectRunnerParts;

  constructor(parts: EffectRunnerParts) {
    this.#parts = parts;
  }

  run(effects: readonly Effect[], event: RaftEvent): void {
    const { applier, membersChanged, readIndex, roleChanged, sender, writer } = this.#parts;
    if (event.type === 'written') sender.release(event.write);
    for (const effect of effects) {
      switch (effect.type) {
        case 'append':
          this.#append(effect);
          break;
        case 'accept':
          this.#accept(effect.from, effect.until, event as Receive);
          break;
        case 'write':
          if (effect.reset !== undefined) this.#reset(effect.reset.index);
          writer.add(effect);
          break;
        case 'send':
          sender.send(effect);
          break;
        case 'apply':
          applier.advance(effect.upTo);
          break;
        case 'read-index':
          readIndex(effect);
          break;
        case 'members':
          membersChanged(effect.configs);
          break;
        case 'role':
          roleChanged();
          break;
        default:
          this.#runSnapshot(effect, event);
      }
    }
  }

  #runSnapshot(effect: SnapshotEffect, event: RaftEvent): void {
    const { snapshots } = this.#parts;
    switch (effect.type) {
      case 'take-snapshot':
        return snapshots.take();
      case 'receive-snapshot':
        return snapshots.receive(effect.head, chunkOf(event).header);
      case 'store-chunk':
        return snapshots.store(chunkOf(event).bytes);
      case 'keep-snapshot':
        return snapshots.keep();
      case 'prune-snapshots':
        return snapshots.prune(effect.keep);
      case 'restore':
        return snapshots.restore(effect.head, effect.isRepair);
      default:
        unreachable(effect);
    }
  }

  /** The log begins after a snapshot of entry `index`: nothing of what was in it is left. */
  #reset(index: number): void {
    const { applier, proposals, sender, window } = this.#parts;
    window.reset(index + 1);
    applier.skip(index);
    proposals.skip(index);
    sender.truncated();
  }

  /** The leader's own entries: the queue's first proposals, a configuration, or an empty entry. */
  #append({ config, kind, from, until, term, timeMs }: AppendEntries): void {
    const { proposals, roster, window } = this.#parts;
    if (config !== undefined) {
      const body = roster.append(from, config);
      window.append(new OwnEntry(from, { term, timeMs, kind: 'members' }, body));
      return;
    }
    if (kind !== 'proposed') {
      window.append(new OwnEntry(from, { term, timeMs, kind: 'noop' }, NO_BODY));
      return;
    }
    let run: EntryRun = { term, timeMs, kind: 'command' };
    for (const ticket of proposals.log(from, until, term)) {
      if (ticket.kind !== run.kind) run = { term, timeMs, kind: ticket.kind };
      window.append(new OwnEntry(ticket.index, run, ticket.body));
    }
  }

  /** A follower's new entries: those of the message, in place of ours from there on. */
  #accept(from: number, until: number, { message, entries }: Receive): void {
    const { proposals, roster, sender, window } = this.#parts;
    window.truncate(from);
    proposals.truncate(from);
    sender.truncated();
    const first = message.type === 'append' ? message.from : from;
    for (let at = from - first; at < until - first; at++) {
      const entry = entries[at] as SizedEntry;
      roster.accept(entry);
      window.append(entry);
    }
  }
}

/** The event of an effect that takes in a piece of a snapshot is the message that brought it. */
function chunkOf(event: RaftEvent): ReceivedChunk {
  return (event as Receive).message as ReceivedChunk;
}
