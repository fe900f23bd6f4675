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
} from '../raft/index.ts';
import type { LogWindow } from './log-window.ts';
import type { Proposals } from './requests/index.ts';
import type { Roster } from './roster.ts';
import type { Sender } from './sender.ts';
import { type EntryRun, OwnEntry, type SizedEntry } from './wire/index.ts';
import type { Writer } from './writer.ts';

export interface EffectRunnerParts {
  readonly window: LogWindow;
  readonly writer: Writer;
  readonly sender: Sender;
  readonly proposals: Proposals;
  readonly apply: (upTo: number) => void;
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
    const { apply, membersChanged, readIndex, roleChanged, sender, writer } = this.#parts;
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
          writer.add(effect);
          break;
        case 'send':
          sender.send(effect);
          break;
        case 'apply':
          apply(effect.upTo);
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
          unreachable(effect);
      }
    }
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
