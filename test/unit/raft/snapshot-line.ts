// A leader, a follower that needs a snapshot, and a line with a lane of its own for bulk traffic.
import {
  type Effect,
  type Message,
  nextDeadline,
  type SnapshotOptions,
} from '../../../src/raft/index.ts';
import { headAt, heartbeatAck, progress, TestMember } from './member.ts';
import { sendingLeader, snapshotOptions } from './snapshots.ts';

export interface LineParts {
  /** How long the bulk lane takes one way; the other takes 1 ms. */
  readonly bulkMs: number;
  /** How long the follower's disk takes for a chunk. */
  readonly storeMs?: number;
  readonly leader?: Partial<SnapshotOptions>;
  readonly follower?: Partial<SnapshotOptions>;
}

/** Length of the snapshot. */
export const BYTES = 4000;

export class SnapshotLine {
  questions = 0;
  bytesSent = 0;
  readonly #parts: LineParts;
  readonly #leader: TestMember;
  readonly #follower: TestMember;
  #due: { readonly atMs: number; readonly run: () => void }[] = [];
  #nowMs: number;
  #busyUntilMs = 0;
  #stored = 0;

  constructor(parts: LineParts) {
    this.#parts = parts;
    const snapshot = { ...headAt({ index: 10, term: 1 }), bytes: BYTES };
    const options = { maxBytesPerSec: Number.MAX_SAFE_INTEGER, ...parts.leader };
    this.#leader = sendingLeader(options, { snapshot });
    this.#nowMs = this.#leader.now;
    const theirs = snapshotOptions({ ...options, ...parts.follower });
    this.#follower = new TestMember({ id: 'b', term: 2, now: this.#nowMs, options: theirs });
    this.#follow(this.#leader);
  }

  get isDone(): boolean {
    const { sending } = progress(this.#leader, 'b');
    return this.#follower.state.commit >= 10 && sending === undefined;
  }

  /** Until the follower has it, and for `mostMs` at most; how long that was. */
  run(mostMs: number): number {
    const startMs = this.#nowMs;
    while (this.#nowMs < startMs + mostMs && !this.isDone) {
      const deadlines = [this.#leader, this.#follower].map(({ state }) => nextDeadline(state));
      const nextMs = Math.min(...deadlines, ...this.#due.map(({ atMs }) => atMs));
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      const due = this.#due.filter(({ atMs }) => atMs <= this.#nowMs);
      this.#due = this.#due.filter(({ atMs }) => atMs > this.#nowMs);
      for (const { run } of due) run();
      for (const member of [this.#leader, this.#follower]) this.#wake(member);
    }
    return this.#nowMs - startMs;
  }

  #wake(member: TestMember): void {
    member.now = this.#nowMs;
    if (nextDeadline(member.state) > this.#nowMs) return;
    member.step({ type: 'timeout' });
    const isBeat = member.sent('heartbeat').some(({ to }) => to === 'c');
    this.#follow(member);
    // The third member is always there: there is a quorum.
    if (isBeat) member.receive('c', heartbeatAck(member, 'c'));
  }

  #after(ms: number, member: TestMember, run: () => void): void {
    const act = () => {
      member.now = this.#nowMs;
      run();
      this.#follow(member);
    };
    this.#due.push({ atMs: this.#nowMs + ms, run: act });
  }

  /** What comes of a step, writes of the log at once. */
  #follow(member: TestMember): void {
    const perform = () => {
      for (const effect of [...member.effects]) {
        if (effect.type === 'send') this.#send(member, effect.to, effect.message);
        else if (member === this.#follower) this.#store(effect);
      }
    };
    perform();
    while (member.waiting.length > 0) {
      member.writeOne();
      perform();
    }
  }

  #store(effect: Effect): void {
    const { storeMs = 1 } = this.#parts;
    const follower = this.#follower;
    const later = (run: () => void) => {
      this.#busyUntilMs = Math.max(this.#busyUntilMs, this.#nowMs) + storeMs;
      this.#after(this.#busyUntilMs - this.#nowMs, follower, run);
    };
    const tell = (id: string) => {
      follower.step({ type: 'snapshot-progress', id, stored: this.#stored });
    };
    if (effect.type === 'receive-snapshot') later(() => tell(effect.head.id));
    if (effect.type === 'store-chunk') {
      later(() => {
        this.#stored = effect.until;
        tell(effect.id);
      });
    }
    if (effect.type === 'keep-snapshot') {
      later(() => follower.step({ type: 'snapshot-received', id: effect.id }));
    }
    if (effect.type === 'restore') {
      later(() => follower.step({ type: 'restored', index: effect.head.index }));
    }
  }

  #send(from: TestMember, to: string, message: Message): void {
    if (to === 'c') return;
    const isChunk = message.type === 'snapshot-chunk';
    if (isChunk && message.ask > 0) this.questions++;
    if (isChunk) this.bytesSent += message.until - message.from;
    const isBulk = isChunk || message.type === 'snapshot-ack';
    const target = from === this.#leader ? this.#follower : this.#leader;
    const entries = message.type === 'append' ? entriesOf(message.from, message.until) : [];
    this.#after(isBulk ? this.#parts.bulkMs : 1, target, () => {
      target.receive(from.state.id, message, entries);
    });
  }
}

/** As the leader has them: it was elected after entry 12. */
function entriesOf(from: number, until: number) {
  const indexes = Array.from({ length: until - from }, (_, at) => from + at);
  return indexes.map((index) => ({ term: index <= 12 ? 1 : 2, timeMs: 0, size: 0 }));
}
