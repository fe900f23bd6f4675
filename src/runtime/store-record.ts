// The identity record as it is now, and whether the store has yet to be told of it.
import type { KnownMembers } from '../raft/index.ts';
import { encodeIdentity, type StoreIdentity } from './identity.ts';

export class StoreRecord {
  #identity: StoreIdentity;
  #isUnwritten = false;

  constructor(identity: StoreIdentity) {
    this.#identity = identity;
  }

  get identity(): StoreIdentity {
    return this.#identity;
  }

  /** The leader that adds this member has told it which cluster it joins. */
  joined(clusterId: string): void {
    this.#identity = { ...this.#identity, clusterId };
    this.#isUnwritten = true;
  }

  /** No earlier run's promise is left: from now on only this one's counts. */
  promise(patienceMs: number): void {
    if (this.#identity.patienceMs === patienceMs) return;
    this.#identity = { ...this.#identity, patienceMs };
    this.#isUnwritten = true;
  }

  /** The machine is not to be trusted until it is restored from there on; 0: it is again. */
  repair(repairFrom: number): void {
    this.#identity = { ...this.#identity, repairFrom };
    this.#isUnwritten = true;
  }

  /** As `repair`, where the core wants a snapshot that is newer still. */
  distrust(repairFrom: number): void {
    const known = this.#identity.repairFrom;
    if (known > 0 && repairFrom > known) this.repair(repairFrom);
  }

  /** What the next write must take along; undefined when the store has it already. */
  take(known: KnownMembers | undefined): Uint8Array | undefined {
    if (known !== undefined) {
      const { admitted, pins } = known;
      this.#identity = { ...this.#identity, admitted, pins };
    } else if (!this.#isUnwritten) {
      return undefined;
    }
    this.#isUnwritten = false;
    return encodeIdentity(this.#identity);
  }
}
