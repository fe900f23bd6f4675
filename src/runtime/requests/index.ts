export { Delegates } from './delegates.ts';
export { Forwarding } from './forwarding.ts';
export { Proposals } from './proposals.ts';
export { Requests, type Wait } from './requests.ts';
export { type Ticket, ticketError } from './ticket.ts';
