// A few commands whose results matter: what was there before, or why it cannot be done.
import type { ConfigCommand, ConfigResult } from './config-machine.ts';
import type { Members } from './members.ts';
import { clean, type Row } from './output.ts';

export const CHANGES_HEADER: Row = ['asked', 'command', 'result'];

export interface Changed {
  readonly rows: readonly Row[];
  /** Log index of the last change. */
  readonly index: number;
}

/** Each through another member; throws when a result is not what `key`, which exists, allows. */
export async function makeChanges(members: Members, key: string): Promise<Changed> {
  const script: readonly (readonly [expected: boolean, command: ConfigCommand])[] = [
    [true, { type: 'set', key: 'example/region', value: 'eu-west' }],
    [true, { type: 'update', key: 'example/region', value: 'eu-north' }],
    [false, { type: 'update', key: 'example/no-such-key', value: 1 }],
    [true, { type: 'update', key, value: 'changed' }],
    [true, { type: 'delete', key }],
    [false, { type: 'delete', key }],
  ];
  const rows: Row[] = [];
  let last = 0;
  for (const [expected, command] of script) {
    const setbacks = members.setbacks.length;
    const { asked, index, result } = await members.ask(async (node, wait) => ({
      asked: node.status().id,
      ...(await node.propose(command, wait)),
    }));
    // Made twice, each of these leaves the same state, but the second delete finds no key.
    const again = members.setbacks.length > setbacks ? ', asked again' : '';
    if (result.ok !== expected && again === '') {
      throw new Error(`${describeCommand(command)} gave: ${describeResult(result)}`);
    }
    rows.push([asked, describeCommand(command), describeResult(result) + again]);
    last = index;
  }
  return { rows, index: last };
}

function describeCommand(command: ConfigCommand): string {
  const text = `${command.type} ${clean(command.key, 40)}`;
  return command.type === 'delete' ? text : `${text} = ${JSON.stringify(command.value)}`;
}

function describeResult(result: ConfigResult): string {
  if (!result.ok) return `rejected: ${result.reason}`;
  const { previous, revision } = result;
  const was = previous === undefined ? 'new' : `was ${clean(JSON.stringify(previous), 20)}`;
  return `revision ${revision}, ${was}`;
}
