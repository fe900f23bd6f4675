/** Identifies a member within its cluster. Opaque, compared by equality. */
export type MemberId = string;
