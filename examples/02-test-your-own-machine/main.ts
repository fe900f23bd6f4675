// Puts a state machine with a bug through simulated crashes, lost messages and partitions until it
// breaks, and then looks for the shortest story that breaks it.
import { minimize, simulate, type Workload } from 'coxswain/testkit';
import { type Order, TicketOffice } from './ticket-office.ts';

const workload: Workload<Order> = {
  next: (_draw, client, turn) => ({ id: `${client}-${turn}` }),
  retry: true,
};
const memory = Math.max(1, Number(process.argv[2] ?? 1) || 1);
const office = { machine: () => new TicketOffice(memory), workload };
const test = { ...office, invariant: (machine: TicketOffice) => machine.check() };

const seeds = Array.from({ length: 300 }, (_, at) => at + 1);
const seed = seeds.find((each) => simulate({ ...test, seed: each }).violation);
if (seed === undefined) {
  console.log(`an office that remembers ${memory} orders: ${seeds.length} seeds, nothing found`);
} else {
  const { report, trials } = minimize({ ...test, seed });
  console.log(`seed ${seed}: ${report.violation?.message}`);
  console.log(`the shortest story, after ${trials} runs, with ${report.plan.members} members:`);
  for (const { fault } of report.faults) console.log(`  fault ${JSON.stringify(fault)}`);
  for (const { id } of report.committed) console.log(`  committed order ${id}`);
}
