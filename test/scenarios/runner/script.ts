// Scripts: blocks of a command, a line ----, and the trace it must give. The commands are here.
import type { MemberId } from '../../../src/raft/index.ts';
import { type Beginning, ScriptedCluster } from './cluster.ts';
import type { Entry, Stored } from './member.ts';
import { printState } from './print.ts';

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
      lines = words.name === 'state' ? statesOf(cluster, words.ids) : cluster.takeLines();
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
        const event = { type: 'propose', bodies, wallMs: cluster.now } as const;
        cluster.step(id, event, `is given ${names.join(', ')}`, names);
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
      cluster.settle(some);
      if (options.has('quiet')) cluster.takeLines();
      return;
    case 'state':
      return;
    default:
      throw new Error(`unknown command ${name}`);
  }
}

function statesOf(cluster: ScriptedCluster, ids: readonly string[]): string[] {
  const some = ids.length > 0 ? ids : [...cluster.members.keys()];
  return some.map((id) => (cluster.down.has(id) ? `${id}  down` : printState(cluster.member(id))));
}

/** `member s1 s2 log=1,1,2 term=3 vote=s1 commit=1`: what is on these members' disks at first. */
function beginningOf({ options }: Words): Beginning {
  const seed = options.has('seed') ? Number(options.get('seed')) : undefined;
  return { disk: diskOf(options), seed };
}

function diskOf(options: Words['options']): Stored {
  const terms = (options.get('log') ?? '1').split(',').filter((term) => term !== '');
  const entries = terms.map((term, at): Entry => {
    const name = Number(term) === 1 && at === 0 ? 'first' : `old${at + 1}`;
    return { term: Number(term), timeMs: 0, size: 4, name };
  });
  const term = Number(options.get('term') ?? terms.at(-1) ?? 0);
  const commit = Number(options.get('commit') ?? 0);
  return { hardState: { term, votedFor: options.get('vote'), commit }, entries };
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
  const ids = rest.filter((word) => !word.includes('=') && word !== 'quiet');
  const pairs = rest.filter((word) => word.includes('=')).map((word) => word.split('='));
  const options = new Map(pairs.map(([key = '', value = '']) => [key, value] as const));
  if (rest.includes('quiet')) options.set('quiet', '');
  return { name, ids, options };
}
