export type { Fault } from './faults.ts';
export { type Minimized, minimizePlan } from './minimize.ts';
export { drawPlan, type Plan } from './plan.ts';
export { type RunReport, runPlan, runSeed, type Violation } from './run-seed.ts';
export type { SimulationOptions, Tracer } from './simulation.ts';
export { type TraceLine, traceStep } from './trace.ts';
