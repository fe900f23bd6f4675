// What a mark says. Each is a situation that a search must have met in some of its seeds.

/** Situations that every search must have met. */
export const expectedMarks = [
  'crash of a leader after append',
  'crash between persist and send',
  'crash of a candidate',
  'crash of all members at once',
  'a new leader is cut off from a quorum',
  'a leader stalls for longer than an election timeout',
  'a write fails',
  'a member restarts with entries that are not committed',
  'a cluster of one elects itself',
  'a vote is granted',
  'a vote is refused: it was given to another',
  'a vote is refused: the log is behind',
  'a vote of an earlier term arrives late',
  'a pre-vote is refused: a leader lives',
  'a pre-vote teaches a newer term',
  'an election is lost',
  'a candidate gives way to the leader of its term',
  'a leader steps down for a newer term',
  'a leader without a quorum steps down',
  'a leader of a past term is told so',
  'an append is refused',
  'an old append changes nothing',
  'a follower drops entries that conflict',
  'a follower learns of a commit beyond what it has',
  'entries of an earlier term are at a quorum and wait',
  'an acknowledgement brings no news',
  'an answer to an earlier stream is ignored',
  'what may be lost is sent again',
  'a window is full',
  'a proposal is refused: too much is under way',
  'a write completes that was overtaken by a truncation',

  'a change of members is refused',
  'a store is emptied',
  'a wiped member greets and is refused',
  'a member comes back under its id with another store',
  'a first cluster is formed by greetings',
  'a joint configuration is committed',
  'a configuration is truncated',
  'a new leader finishes a change that another began',
  'a leader removes itself and resigns',
  'a learner is promoted',
  'a voter is replaced',
  'a removed member campaigns',
  'a handover succeeds',
  'a handover fails',
  'answers of another store are not counted',

  'a read waits for the first entry of a term',
  'a round confirms several reads',
  'a read is answered at a follower',
  'a read-request is asked again',
  'a reply to an earlier run arrives',
  'a cut-off leader does not answer',
  'a lease read succeeds',
  'a lease read falls back at the end',
  'a stale read is answered without asking',
  'a suspended leader drops its lease',
  'a member with a wrong clock is refused votes',
  'a leader steps down because of its clock',

  'a member that was away comes back by a snapshot',
  'a learner joins by a snapshot',
  'a chunk is sent again',
  'a transfer goes on under another leader',
  'a transfer goes on after a restart',
  'a damaged snapshot is refused',
  'another snapshot replaces a damaged one',
  'an install drops entries that conflict',
  'an install brings another configuration',
  'a snapshot that is held already is acknowledged',
  'a snapshot is taken after a newer one was received',
  'log is held for a member that catches up',
  'snapshots are sent to two members at once',
  'the rate delays a chunk',
  'crash between a snapshot and the reset of the log',
  'a machine that went wrong is repaired',

  'a stalled leader hands over',
  'a stalled leader leads on: nobody else can',
  'a stalled leader does not let go again so soon',
  'a stalled follower leaves it to others to stand',
  'a stalled member stands because nobody else does',
  'a member that stalled refuses to take over',
  'options change at run time',
  'a lease is cut by other options',
] as const;

/** Says only why a run ended without a calm: not every search meets it. */
export const HOPELESS = 'so many stores are gone that nothing can be expected';

/** And this one only why somebody had to set clocks right. */
export const DISAGREEING = 'no majority of clocks agrees: they are set right';

/** One of the expected ones, or one of those two. */
export type Mark =
  | (typeof expectedMarks)[number]
  | 'so many stores are gone that nothing can be expected'
  | 'no majority of clocks agrees: they are set right';
