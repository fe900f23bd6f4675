export {
  createMemoryCluster,
  MemoryCluster,
  type MemoryClusterOptions,
} from './memory-cluster.ts';
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.ts';
export { MemoryStorage } from './memory-storage.ts';
