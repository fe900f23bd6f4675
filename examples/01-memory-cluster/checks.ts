// What must hold at the end. Each check throws when it does not.
import type { ConfigValue } from './config-machine.ts';
import type { ConfigCluster, Members } from './members.ts';
import { clean, type Row } from './output.ts';

/** Reads every key back, linearizably, through the members in turn. */
export async function checkNothingLost(
  members: Members,
  acknowledged: ReadonlyMap<string, ConfigValue>,
  readers: number,
): Promise<void> {
  const queue = acknowledged.entries();
  const read = async () => {
    for (const [key, value] of queue) {
      const found = await members.ask((node, wait) => node.read({ type: 'get', key }, wait));
      if (found === value) continue;
      const texts = [JSON.stringify(value), JSON.stringify(found) ?? 'nothing'];
      const [wanted, got] = texts.map((text) => clean(text));
      throw new Error(`${clean(key)} was acknowledged as ${wanted}, and ${got} was read`);
    }
  };
  await Promise.all(Array.from({ length: readers }, read));
}

/** Compares the machines once every member has applied `index`: a row for each of them. */
export async function checkEqual(cluster: ConfigCluster, index: number): Promise<readonly Row[]> {
  const digests = new Set<string | undefined>();
  const rows: Row[] = [];
  for (const id of cluster.ids) {
    const { applied, role } = await cluster.node(id).waitFor({ applied: index });
    const digest = await cluster.machine(id).digest?.();
    digests.add(digest);
    rows.push([id, role, String(applied), digest?.slice(0, 32) ?? 'none']);
  }
  if (digests.size === 1 && !digests.has(undefined)) return rows;
  throw new Error(`the machines differ: ${rows.map(([id, , , d]) => `${id} ${d}`).join(', ')}`);
}
