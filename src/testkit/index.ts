export { ManualClock } from './manual-clock.ts';
export { type LogStoreUnderTest, logStoreSuite } from './suites/log-store-suite.ts';
export type { Case } from './suites/suite.ts';
export { type TransportsUnderTest, transportSuite } from './suites/transport-suite.ts';
