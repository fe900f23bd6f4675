// What nodes publish for the whole process, and that they make nothing where nobody listens.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ChannelMessages } from 'coxswain';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { messages } from '../../src/runtime/channels.ts';
import { World } from './nodes.ts';

type Name = keyof ChannelMessages;
type Heard = { [N in Name]?: ChannelMessages[N][] };

const names = Object.keys({
  ...{ 'coxswain:role': 0, 'coxswain:leader': 0, 'coxswain:members': 0, 'coxswain:commit': 0 },
  ...{ 'coxswain:fault': 0, 'coxswain:closed': 0, 'coxswain:apply': 0 },
  ...{ 'coxswain:snapshot': 0, 'coxswain:stall': 0, 'coxswain:divergence': 0 },
  ...{ 'coxswain:store-write': 0, 'coxswain:send': 0, 'coxswain:receive': 0 },
} satisfies Record<Name, 0>) as Name[];

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
  vi.restoreAllMocks();
});

function listen(): Heard {
  const heard: Record<string, unknown[]> = {};
  for (const name of names) {
    const list: unknown[] = [];
    heard[name] = list;
    const hear = (message: unknown) => void list.push(message);
    subscribe(name, hear);
    undo.push(() => void unsubscribe(name, hear));
  }
  return heard as Heard;
}

async function useCluster(): Promise<void> {
  const world = new World('abc');
  for (const id of 'abc') await world.open(id);
  const leader = await world.elect('a');
  await world.value(leader.propose('one'));
  await world.value(leader.addLearner({ id: 'd', address: 'd' }));
  await world.clock.advance(100);
  await world.close();
}

describe('the channels', () => {
  test('tell what nodes do, each message in the shape that is promised', async () => {
    const heard = listen();
    await useCluster();
    const from = { cluster: 'world', member: 'a' };
    const first = <N extends Name>(name: N) =>
      (heard[name] as ChannelMessages[N][] | undefined)?.find(({ member }) => member === 'a');
    const term = expect.any(Number);
    const bytes = expect.any(Number);
    expect(heard['coxswain:role']).toContainEqual({ ...from, event: { role: 'leader', term } });
    expect(heard['coxswain:leader']).toContainEqual({ ...from, event: { leader: 'a', term } });
    expect(first('coxswain:commit')).toEqual({ ...from, event: { index: expect.any(Number) } });
    expect(first('coxswain:members')).toMatchObject({ ...from, event: { version: term } });
    expect(first('coxswain:closed')).toEqual({ ...from, event: undefined });
    expect(first('coxswain:apply')).toEqual({ ...from, upTo: 1, entries: 1, tookMs: 0 });
    expect(first('coxswain:store-write')).toEqual({ ...from, entries: 0, bytes: 0, tookMs: 0 });
    expect(heard['coxswain:store-write']?.some(({ entries }) => entries > 0)).toBe(true);
    expect(heard['coxswain:send']).toContainEqual({
      ...from,
      ...{ to: 'b', lane: 'control', bytes, accepted: true },
    });
    expect(heard['coxswain:receive']).toContainEqual({ ...from, from: 'b', bytes });
    const sent = heard['coxswain:send']?.filter(({ accepted }) => accepted);
    const sum = (sizes: readonly { bytes: number }[] = []) =>
      sizes.reduce((total, each) => total + each.bytes, 0);
    expect(sum(heard['coxswain:receive'])).toBeLessThanOrEqual(sum(sent));
    expect(heard['coxswain:fault']).toEqual([]);
  });

  test('tell the fault that stops a node', async () => {
    const heard = listen();
    const world = new World('a');
    const node = await world.open('a', { codec: brokenCodec() });
    await world.elect('a');
    await world.settled(node.propose('not to be read'));
    expect(heard['coxswain:fault']).toEqual([
      { cluster: 'world', member: 'a', event: expect.objectContaining({ name: 'CoxswainError' }) },
    ]);
    await world.close();
  });

  test('cost no message where nobody listens', async () => {
    const spies = (Object.keys(messages) as (keyof typeof messages)[]).map((kind) =>
      vi.spyOn(messages, kind),
    );
    await useCluster();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    listen();
    await useCluster();
    for (const spy of spies) expect(spy).toHaveBeenCalled();
  });
});

function brokenCodec() {
  const text = { encode: (value: unknown) => Buffer.from(String(value)), decode: () => refuse() };
  return { command: text, result: text };
}

function refuse(): never {
  throw new Error('it does not decode');
}
