export { Delegates } from './delegates.ts';
export { Forwarding } from './forwarding.ts';
export type { Successor } from './handover-call.ts';
export { type Leadership, Leaderships, type LeaderWork } from './leaderships.ts';
export { Operations } from './operations.ts';
export { Proposals } from './proposals.ts';
export { Reads } from './reads.ts';
export { Requests, type Wait } from './requests.ts';
export { type Ticket, ticketError } from './ticket.ts';
