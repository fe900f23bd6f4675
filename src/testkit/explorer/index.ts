export { type Exploration, explore, type Violation } from './explore.ts';
export { DEFAULT_SCOPE, type Scope, scopes } from './scope.ts';
