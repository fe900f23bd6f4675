import { describe, expect, it } from 'vitest';
import {
  clusterIdOf,
  isJoinerClusterId,
  isSameCluster,
  joinerClusterId,
} from '../../../src/runtime/cluster-id.ts';

const members = ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:1` }));
const orders = clusterIdOf('orders', members);

describe('a cluster id', () => {
  it('is 16 hexadecimal digits that no version may change', () => {
    expect(orders).toBe('33f7b61cf42e5b78');
    expect(joinerClusterId('orders')).toBe('33f7b61c00000000');
    expect(clusterIdOf('é', [{ id: '👩‍🚀', address: '' }])).toBe('0b657be3f6ac4f0a');
  });

  it('does not depend on the order of the members, nor on their addresses', () => {
    const moved = members.map(({ id }) => ({ id, address: `${id}.example:9` })).reverse();
    expect(clusterIdOf('orders', moved)).toBe(orders);
  });

  it('is another one for another name or other members', () => {
    const more = [...members, { id: 'd', address: 'd:1' }];
    const ids = [
      orders,
      clusterIdOf('orders2', members),
      clusterIdOf('orders', more),
      clusterIdOf('orders', members.slice(1)),
      // Names and ids that look alike when they are written one behind another.
      clusterIdOf('a', [{ id: 'b,c', address: '' }]),
      clusterIdOf(
        'a',
        ['b', 'c'].map((id) => ({ id, address: '' })),
      ),
      clusterIdOf('a,b', [{ id: 'c', address: '' }]),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('begins with what the name alone gives: a member that is to join knows no more', () => {
    expect(joinerClusterId('orders').slice(0, 8)).toBe(orders.slice(0, 8));
    expect(isJoinerClusterId(joinerClusterId('orders'))).toBe(true);
    expect(isJoinerClusterId(orders)).toBe(false);
  });

  it('is compared by its name as long as one side knows no more', () => {
    const joiner = joinerClusterId('orders');
    const others = clusterIdOf('orders', members.slice(1));
    const table: readonly (readonly [string, string, boolean])[] = [
      [orders, orders, true],
      [orders, others, false],
      [orders, joiner, true],
      [joiner, others, true],
      [joiner, joiner, true],
      [joiner, joinerClusterId('orders2'), false],
      [joiner, clusterIdOf('orders2', members), false],
      [orders, joinerClusterId('orders2'), false],
    ];
    const same = table.map(([one, other]) => isSameCluster(one, other));
    expect(same).toEqual(table.map(([, , expected]) => expected));
  });
});
