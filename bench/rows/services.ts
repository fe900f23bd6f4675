// What takes the commands or reads of a row: a cluster, or the least that could answer.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Consistency,
  createMemoryCluster,
  type MachineCodec,
  type MemoryCluster,
  msgpack,
  type RaftNode,
  rawCodec,
  type SnapshotSettings,
  type StateMachine,
} from 'coxswain';
import type { Action, ClosedSpec, OpenSpec, SnapshotLoad } from './row-types.ts';

/** Sends the next command, which was made beforehand, or reads. */
export type Act = () => Promise<unknown>;

export interface Service {
  readonly act: Act;
  close(): Promise<void>;
}

interface Order {
  readonly op: 'set';
  readonly key: string;
  readonly value: string;
}

type Machine<C, R> = StateMachine<C, R, void, number>;
type Cluster<C, R> = MemoryCluster<C, R, void, number>;
type Node<C, R> = RaftNode<C, R, void, number>;

const levels: Readonly<Record<Exclude<Action, 'propose'>, Consistency>> = {
  linearizable: 'linearizable',
  lease: 'lease',
  stale: { maxStalenessMs: 500 },
  local: 'local',
};

/** More than there are clients: reads that wait for each other's round are not held up. */
const READS_A_TURN = 8192;
const COMMAND_BYTES = 100;
const COMMANDS = 1024;
const PIECE_BYTES = 64 * 1024;

type Load = Pick<ClosedSpec | OpenSpec, 'target' | 'codec' | 'action'> &
  Pick<ClosedSpec, 'snapshots'>;

export function openService({ action, codec, snapshots, target }: Load): Promise<Service> {
  if (target === 'naive') return Promise.resolve(naiveService());
  if (codec === 'raw') {
    const ok = new Uint8Array(8);
    const machine = machineOf(() => ok, snapshots);
    const commands = makeCommands(rawCommand);
    return clusterService(target, action, commands, machine, rawCodec, snapshots);
  }
  const machine = machineOf(({ key }: Order) => key.length);
  return clusterService(target, action, makeCommands(order), machine, undefined);
}

async function clusterService<C, R>(
  target: 'leader' | 'follower',
  action: Action,
  commands: readonly C[],
  stateMachine: () => Machine<C, R>,
  codec: MachineCodec<C, R> | undefined,
  snapshots?: SnapshotLoad,
): Promise<Service> {
  const cluster: Cluster<C, R> = await createMemoryCluster<C, R, void, number>({
    size: 3,
    stateMachine,
    ...(codec === undefined ? {} : { codec }),
    electionTimeoutMs: [1000, 2000],
    heartbeatMs: 100,
    snapshot: settingsOf(snapshots),
  });
  cluster.nodes[0]?.campaign();
  const leader = await cluster.leader();
  const { term } = leader.status();
  const node = target === 'leader' ? leader : cluster.nodes.find((each) => each !== leader);
  if (node === undefined) throw new Error('there is no follower');
  await node.waitFor('leader');
  return {
    act: action === 'propose' ? proposeTo(node, commands) : readFrom(node, levels[action]),
    close: async () => {
      const now = leader.status();
      await cluster.close();
      if (now.role !== 'leader' || now.term !== term) throw new Error('the leader has changed');
    },
  };
}

function proposeTo<C, R>(node: Node<C, R>, commands: readonly C[]): Act {
  let next = 0;
  return () => node.propose(commands[next++ % COMMANDS] as C);
}

/** Answers that come at once leave nothing else its turn, but for a pause now and then. */
function readFrom<C, R>(node: Node<C, R>, consistency: Consistency): Act {
  let left = READS_A_TURN;
  let pause: Promise<void> | undefined;
  const rest = async () => {
    await nextTurn();
    left = READS_A_TURN;
    pause = undefined;
  };
  return async () => {
    while (left === 0) {
      pause ??= rest();
      await pause;
    }
    left--;
    await node.read(undefined, { consistency });
  };
}

/** A promise for each command, and all that wait settled together, soon: no machine does less. */
function naiveService(): Service {
  let waiting: ((value: object) => void)[] = [];
  let index = 0;
  const settle = () => {
    const settled = waiting;
    waiting = [];
    for (const resolve of settled) resolve({ result: undefined, index: ++index, term: 1 });
  };
  const add = (resolve: (value: object) => void) => {
    if (waiting.push(resolve) === 1) setImmediate(settle);
  };
  return { act: () => new Promise(add), close: () => Promise.resolve() };
}

function settingsOf({ everyEntries }: Partial<SnapshotLoad> = {}): Partial<SnapshotSettings> {
  if (everyEntries === undefined) return {};
  if (everyEntries !== 'never') return { everyEntries };
  return { everyEntries: Number.MAX_SAFE_INTEGER, everyBytes: Number.MAX_SAFE_INTEGER };
}

/** Its state never changes, so that a snapshot costs what the library makes it cost. */
function machineOf<C, R>(
  apply: (command: C) => R,
  { stateBytes = 0 }: Partial<SnapshotLoad> = {},
): () => Machine<C, R> {
  const pieces = Array.from({ length: Math.ceil(stateBytes / PIECE_BYTES) }, () => {
    return new Uint8Array(PIECE_BYTES);
  });
  const snapshot = () => pieces;
  return () => ({ apply, query: () => 7, snapshot, restore: () => undefined });
}

function makeCommands<C>(make: (number: number) => C): readonly C[] {
  return Array.from({ length: COMMANDS }, (_, number) => make(number));
}

function rawCommand(number: number): Uint8Array {
  const bytes = new Uint8Array(COMMAND_BYTES);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** An object that takes COMMAND_BYTES once it is encoded. */
function order(number: number): Order {
  const key = `user:${String(number).padStart(8, '0')}`;
  const room = COMMAND_BYTES - msgpack<Order>().encode({ op: 'set', key, value: '' }).length - 1;
  const value = 'x'.repeat(room);
  const { length } = msgpack<Order>().encode({ op: 'set', key, value });
  if (length !== COMMAND_BYTES) throw new Error(`a command takes ${length} bytes`);
  return { op: 'set', key, value };
}
