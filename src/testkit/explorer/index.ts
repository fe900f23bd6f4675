export { type Exploration, explore, type Violation } from './explore.ts';
export { DEFAULT_SCOPE, type Scope, type ScopeName, scopes } from './scope.ts';
