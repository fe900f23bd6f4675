// Stores as a node finds them at its start, and the start itself.
import type { LogWrite } from '../../../src/contracts/index.ts';
import { MemoryNetwork, MemoryStorage } from '../../../src/memory/index.ts';
import { decodeIdentity, type StoreIdentity } from '../../../src/runtime/identity.ts';
import { checkOptions } from '../../../src/runtime/options.ts';
import { type Startup, startUp } from '../../../src/runtime/startup.ts';

export const members = ['c', 'a', 'b'].map((id) => ({ id, address: `${id}:1` }));
/** Options of a member that is to join. */
export const joins = { bootstrap: undefined, join: true };

const stateMachine = {
  ...{ apply: () => 0, snapshot: () => new Uint8Array(0), restore: () => undefined },
};

export function start(storage: MemoryStorage, changes: object = {}): Promise<Startup> {
  const own = { cluster: 'orders', id: 'a', address: 'a:1', bootstrap: members, seed: 5 };
  const transport = new MemoryNetwork().transport('a');
  return startUp(checkOptions({ ...own, stateMachine, storage, transport, ...changes }));
}

/** The store of a member that was started so and stopped, with `writes` done to it. */
export async function storedBy(
  changes: object,
  ...writes: readonly LogWrite[]
): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await start(storage, changes);
  for (const write of writes) await storage.log.write(write);
  await storage.close();
  return storage;
}

/** Likewise, of one of the first members. */
export function stored(...writes: readonly LogWrite[]): Promise<MemoryStorage> {
  return storedBy({}, ...writes);
}

/** Is it closed, so that another may open it? */
export async function reopens(storage: MemoryStorage): Promise<boolean> {
  return storage.log.load().then(
    () => true,
    () => false,
  );
}

/** What a store that is closed says of its owner. */
export async function identityIn(storage: MemoryStorage): Promise<StoreIdentity> {
  const { meta } = await storage.log.load();
  await storage.close();
  return decodeIdentity(meta ?? new Uint8Array(0));
}
