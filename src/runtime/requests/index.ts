export { Delegates } from './delegates.ts';
export { Forwarding } from './forwarding.ts';
export type { Successor } from './handover-call.ts';
export { type Leadership, Leaderships, type LeaderWork } from './leaderships.ts';
export { Operations } from './operations.ts';
export { Proposals } from './proposals.ts';
export { Requests, type Wait } from './requests.ts';
export { type CheckWait, SessionRequests } from './session-requests.ts';
export { type Ticket, type TicketPlace, ticketError } from './ticket.ts';
