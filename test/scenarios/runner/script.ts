// Scripts: blocks of a command, a line ----, and the trace it must give. The commands are here.
import type { MemberId, MembersChange } from '../../../src/raft/index.ts';
import { ScriptedCluster } from './cluster.ts';
import { printMembers, printState } from './print.ts';
import type { Beginner, Beginning } from './stores.ts';

interface Block {
  readonly comment: readonly string[];
  readonly command: string;
}

interface Words {
  readonly name: string;
  readonly ids: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

/** Runs every command of a script; returns the script with the traces it gave. */
export function runScript(text: string): string {
  const members = new Map<MemberId, Beginning>();
  let limits: Record<string, number> = {};
  let cluster: ScriptedCluster | undefined;
  const out: string[] = [];
  for (const { comment, command } of readBlocks(text)) {
    if (command.startsWith('#')) {
      out.push([...comment, command].join('\n'));
      continue;
    }
    const words = readWords(command);
    let lines: string[];
    if (words.name === 'member') {
      for (const id of words.ids) members.set(id, beginningOf(words));
      lines = ['ok'];
    } else if (words.name === 'limits') {
      limits = Object.fromEntries([...words.options].map(([key, value]) => [key, Number(value)]));
      lines = ['ok'];
    } else {
      cluster ??= new ScriptedCluster(members, limits);
      runCommand(cluster, words);
      const printOne = words.name === 'state' ? printState : printMembers;
      const isQuestion = words.name === 'state' || words.name === 'members';
      lines = isQuestion ? answersOf(cluster, words.ids, printOne) : cluster.takeLines();
    }
    out.push([...comment, command, '----', ...(lines.length > 0 ? lines : ['nothing'])].join('\n'));
  }
  return `${out.join('\n\n')}\n`;
}

function runCommand(cluster: ScriptedCluster, { name, ids, options }: Words): void {
  const all = [...cluster.members.keys()];
  const some = ids.length > 0 ? ids : all;
  const list = (key: string) => options.get(key)?.split(',') ?? [];
  const filter = { to: ids, from: list('from'), types: list('type') };
  const most = Number(options.get('count') ?? Number.POSITIVE_INFINITY);
  const number = (key: string) => (options.has(key) ? Number(options.get(key)) : undefined);
  cluster.now = number('at') ?? cluster.now;
  switch (name) {
    case 'campaign':
      for (const id of some) cluster.step(id, { type: 'campaign' }, 'is asked to campaign');
      return;
    case 'timeout':
      for (const id of some) {
        if (options.has('at')) cluster.step(id, { type: 'timeout' }, 'looks at the clock');
        else cluster.timeout(id);
      }
      return;
    case 'elapse':
      cluster.now += Number(options.get('ms'));
      return;
    case 'start':
      for (const id of some) cluster.start(id);
      return;
    case 'applied':
      for (const id of some) {
        const index = Number(options.get('upTo'));
        cluster.step(id, { type: 'applied', index }, `has applied up to ${index}`);
      }
      return;
    case 'propose':
      for (const id of some) {
        const names = list('commands');
        const bodies = names.map((each) => ({ length: number('size') ?? each.length }));
        const wallMs = number('wall') ?? cluster.now;
        const event = { type: 'propose', bodies, wallMs } as const;
        cluster.step(id, event, `is given ${names.join(', ')}`, names);
      }
      return;
    case 'read':
      for (const id of some) {
        const upTo = number('upTo') ?? 1;
        cluster.step(id, { type: 'read', upTo }, `is asked for reads up to ${upTo}`);
      }
      return;
    case 'deliver':
      if (options.has('nth')) return cluster.deliver(cluster.nth(filter, number('nth') ?? 0));
      for (const envelope of cluster.take(filter, most)) cluster.deliver(envelope);
      return;
    case 'keep':
      cluster.kept = cluster.take(filter, most);
      cluster.network.unshift(...cluster.kept);
      return;
    case 'replay':
      for (const envelope of cluster.kept) cluster.deliver(envelope);
      return;
    case 'lose':
      for (const envelope of cluster.take(filter, most)) cluster.drop(envelope);
      return;
    case 'disk':
      for (const id of some) cluster.completeWrite(id, number('count'));
      return;
    case 'crash':
      for (const id of some) cluster.crash(id, number('kept'), options.has('forget'));
      return;
    case 'load':
      for (const id of some) cluster.load(id, number('seed'));
      return;
    case 'restart':
      for (const id of some) cluster.restart(id);
      return;
    case 'settle':
      cluster.settle(some, number('beats'));
      if (options.has('quiet')) cluster.takeLines();
      return;
    default:
      runHostCommand(cluster, name, some, options);
  }
}

/** What the host of a member asks of it, or tells it. */
function runHostCommand(
  cluster: ScriptedCluster,
  name: string,
  ids: readonly MemberId[],
  options: Words['options'],
): void {
  const version = options.has('if') ? Number(options.get('if')) : undefined;
  switch (name) {
    case 'change':
      for (const id of ids) cluster.change(id, changeOf(options), version);
      return;
    case 'transfer':
      for (const id of ids) cluster.transfer(id, options.get('to'));
      return;
    case 'wipe':
      for (const id of ids) cluster.wipe(id, options.get('as') === 'first' ? 'first' : 'joiner');
      return;
    case 'clocks':
      for (const id of ids) {
        const wallMs = Number(options.get('wall'));
        cluster.step(id, { type: 'clocks', wallMs }, `is told that it is ${wallMs} ms`);
      }
      return;
    case 'read':
      for (const id of ids) {
        const upTo = Number(options.get('upTo'));
        cluster.step(id, { type: 'read', upTo }, `is asked for reads up to ${upTo}`);
      }
      return;
    case 'snapshot':
      for (const id of ids) {
        const index = cluster.member(id).state.applied;
        cluster.step(id, { type: 'take-snapshot', index }, `is asked for a snapshot of ${index}`);
      }
      return;
    case 'store':
      for (const id of ids) {
        for (let left = Number(options.get('count') ?? 1); left > 0; left--) {
          cluster.store(id, options.has('damaged'));
        }
      }
      return;
    case 'lease':
      for (const id of ids) cluster.lease(id);
      return;
    case 'state':
    case 'members':
      return;
    default:
      throw new Error(`unknown command ${name}`);
  }
}

/** `change a add=d,e replace=b:f`. */
function changeOf(options: Words['options']): MembersChange {
  const kinds = ['add', 'learners', 'promote', 'demote', 'remove'] as const;
  const lists = kinds.flatMap((kind) => {
    const ids = options.get(kind);
    return ids === undefined ? [] : [[kind, ids.split(',')] as const];
  });
  const replace = (options.get('replace')?.split(',') ?? []).map((pair) => {
    const [id = '', by = ''] = pair.split(':');
    return { id, by };
  });
  return { ...Object.fromEntries(lists), ...(replace.length > 0 ? { replace } : {}) };
}

function answersOf(
  cluster: ScriptedCluster,
  ids: readonly string[],
  print: typeof printState,
): string[] {
  const some = ids.length > 0 ? ids : [...cluster.members.keys()];
  return some.map((id) => (cluster.down.has(id) ? `${id}  down` : print(cluster.member(id))));
}

/** `member s1 s2 log=1,1,2 term=3 vote=s1 commit=1 as=joiner`: what is on their disks at first. */
function beginningOf({ options }: Words): Beginning {
  const number = (key: string) => (options.has(key) ? Number(options.get(key)) : undefined);
  const terms = (options.get('log') ?? '1').split(',').filter((term) => term !== '');
  return {
    as: (options.get('as') ?? 'first') as Beginner,
    terms: terms.map(Number),
    term: number('term'),
    vote: options.get('vote'),
    commit: number('commit') ?? 0,
    seed: number('seed'),
  };
}

function readBlocks(text: string): Block[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((block) => {
      const lines = block.split('\n');
      const end = lines.indexOf('----');
      const head = end === -1 ? lines : lines.slice(0, end);
      const command = head.at(-1) ?? '';
      return { comment: head.slice(0, -1), command };
    });
}

function readWords(command: string): Words {
  const [name = '', ...rest] = command.split(/\s+/);
  const flags = ['quiet', 'damaged'];
  const ids = rest.filter((word) => !word.includes('=') && !flags.includes(word));
  const pairs = rest.filter((word) => word.includes('=')).map((word) => word.split('='));
  const options = new Map(pairs.map(([key = '', value = '']) => [key, value] as const));
  for (const flag of flags) if (rest.includes(flag)) options.set(flag, '');
  return { name, ids, options };
}
