// Three members whose machines can be made to differ, and what each of them tells.
import { type DivergenceEvent, MemoryStorage } from 'coxswain';
import { Recorder } from './harness.ts';
import { type Node, type Options, World } from './nodes.ts';

/** Its digest is its state; `flip` is a bit of memory that turned over. */
export class Checked extends Recorder {
  digest(): string | Promise<string> {
    return JSON.stringify(this.applied);
  }

  flip(what = 'flipped'): void {
    this.applied.push({ command: what, index: 0 });
  }

  get isFlipped(): boolean {
    return this.applied.some(({ index }) => index === 0);
  }
}

export class Diverging extends World {
  readonly machines = new Map<string, Checked>();
  readonly storages = new Map<string, MemoryStorage>();
  readonly told = new Map<string, DivergenceEvent[]>();

  /** Starts a member on its storage, with a new machine. */
  async start(id: string, more: Partial<Options> = {}, make = () => new Checked()): Promise<Node> {
    const stateMachine = make();
    const storage = this.storages.get(id) ?? new MemoryStorage();
    this.storages.set(id, storage);
    this.machines.set(id, stateMachine);
    const options = { stateMachine, storage, verifyEveryEntries: 10, snapshot, ...more };
    const node = await this.open(id, options);
    const told = this.told.get(id) ?? [];
    this.told.set(id, told);
    node.on('divergence', (event) => void told.push(event));
    return node;
  }

  async startAll(more: Partial<Options> = {}, make?: () => Checked): Promise<Node> {
    for (const id of this.ids) await this.start(id, more, make);
    return this.elect('a');
  }

  async stop(id: string): Promise<void> {
    await this.settled(this.node(id).close());
  }

  machine(id: string): Checked {
    const machine = this.machines.get(id);
    if (machine === undefined) throw new Error(`${id} has no machine`);
    return machine;
  }

  /** Commands, one after another, at whoever leads; then some time. */
  async propose(count: number, ms = 50): Promise<void> {
    for (let at = 0; at < count; at++) await this.value(this.leader().propose(`${at}`));
    await this.clock.advance(ms);
  }

  leader(): Node {
    const leader = [...this.nodes.values()].find((node) => node.status().role === 'leader');
    if (leader === undefined) throw new Error('no leader');
    return leader;
  }

  events(id: string): readonly DivergenceEvent[] {
    return this.told.get(id) ?? [];
  }

  states(): readonly (readonly string[])[] {
    return [...this.machines.values()].map((machine) => machine.query());
  }
}

const snapshot = { everyEntries: 1000, keepEntries: 100, chunkBytes: 200 };
