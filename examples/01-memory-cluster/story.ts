// The example from the first election to the last check. It throws when anything is not as it says.
import { type CoxswainError, createMemoryCluster } from 'coxswain';
import { CHANGES_HEADER, makeChanges } from './changes.ts';
import { checkEqual, checkNothingLost } from './checks.ts';
import { ConfigMachine } from './config-machine.ts';
import type { Input } from './input.ts';
import { type ConfigCluster, Members } from './members.ts';
import type { Options } from './options.ts';
import { counted, grouped, type Output } from './output.ts';
import { Timeline } from './timeline.ts';
import { RATE_HEADER, rateOf, type Written, writeAll } from './writing.ts';

const AT_ONCE = 256;

interface Stage {
  readonly cluster: ConfigCluster;
  readonly members: Members;
  readonly out: Output;
  readonly timeline: Timeline;
}

export async function tellStory(options: Options, input: Input, out: Output): Promise<void> {
  const timeline = new Timeline(out);
  timeline.section(
    'Election',
    'Nobody leads yet. The first whose patience ends asks the others for their votes.',
  );
  await using cluster = await createMemoryCluster({
    size: options.members,
    seed: options.seed,
    stateMachine: () => new ConfigMachine(),
  });
  for (const node of cluster.nodes) timeline.watch(node);
  await cluster.leader();

  const stage: Stage = { cluster, members: new Members(cluster), out, timeline };
  const { stopped, written } = await write(stage, input);
  await readBack(stage, written);
  await comeBack(stage, stopped);
  const [key = ''] = input.entries.at(-1) ?? [];
  const lastIndex = await change(stage, key);
  await compare(stage, lastIndex);
}

async function write(
  { cluster, members, out, timeline }: Stage,
  { entries }: Input,
): Promise<{ readonly stopped: string; readonly written: Written }> {
  timeline.section(
    `Writing ${counted(entries.length, 'key')}`,
    `${AT_ONCE} at a time, through the members in turn; those that do not lead ask the leader.`,
    'Halfway the leader is stopped, before it can tell anyone. Latency includes every retry.',
  );
  let stopped = '';
  let stoppedMs = 0;
  let electedMs = 0;
  const halfway = async () => {
    stopped = (await cluster.leader()).status().id;
    stoppedMs = timeline.elapsedMs;
    timeline.tell(stopped, 'is stopped, with half of the keys acknowledged');
    await cluster.stop(stopped);
    await cluster.leader();
    electedMs = timeline.elapsedMs;
    timeline.tell('', `there was no leader for ${(electedMs - stoppedMs).toFixed(0)} ms`);
  };
  const written = await writeAll(members, entries, { writers: AT_ONCE, halfway });
  const tookMs = timeline.elapsedMs;
  timeline.tell('', 'every key is acknowledged');
  tellSetbacks(members.setbacks, written.appliedTwice, out);

  const { latenciesMs } = written;
  const half = Math.ceil(entries.length / 2);
  const before = rateOf('before the stop', latenciesMs.slice(0, half), stoppedMs);
  const after = rateOf('after the election', latenciesMs.slice(half), tookMs - electedMs);
  out.table(RATE_HEADER, [before, after, rateOf('in all', latenciesMs, tookMs)], [1, 2, 3, 4, 5]);
  return { stopped, written };
}

function tellSetbacks(setbacks: readonly CoxswainError[], twice: number, out: Output): void {
  const counts = new Map<string, number>();
  for (const { code, outcome } of setbacks) {
    const text = `${code}, outcome ${outcome}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  out.say(`${counted(setbacks.length, 'proposal')} came back and went to another member:`);
  for (const [text, count] of counts) out.say(`${grouped(count).padStart(7)}  ${text}`);
  out.say(`${counted(twice, 'key')} had been set by the first attempt: once more does no harm.`);
}

async function readBack(
  { members, out, timeline }: Stage,
  { acknowledged }: Written,
): Promise<void> {
  timeline.section('Reading back', 'Linearizable reads see every write acknowledged before them.');
  await checkNothingLost(members, acknowledged, AT_ONCE);
  const tookMs = timeline.elapsedMs.toFixed(0);
  out.proved(`${counted(acknowledged.size, 'acknowledged key')} read in ${tookMs} ms, none lost`);
}

async function comeBack({ cluster, timeline }: Stage, id: string): Promise<void> {
  timeline.section('Return', `${id} starts again: its log is old, its machine empty.`);
  const { commit } = (await cluster.leader()).status();
  const node = await cluster.start(id);
  timeline.watch(node);
  await node.waitFor({ applied: commit });
  timeline.tell(id, `has caught up: ${grouped(commit)} entries applied`);
}

async function change({ members, out, timeline }: Stage, key: string): Promise<number> {
  timeline.section('Results', 'What cannot be done is an answer too, the same on every member.');
  const { index, rows } = await makeChanges(members, key);
  out.table(CHANGES_HEADER, rows);
  return index;
}

async function compare({ cluster, out, timeline }: Stage, index: number): Promise<void> {
  timeline.section('Comparison', 'Same log, same machine: every member must hold the same state.');
  out.table(['member', 'role', 'applied', 'digest'], await checkEqual(cluster, index), [2]);
  out.proved(`all ${cluster.ids.length} machines are equal`);
}
