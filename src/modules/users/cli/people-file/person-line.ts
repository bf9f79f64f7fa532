/** A line of a file of people, as it stands there. */
export interface PersonLine {
  /** Line of the file where it begins, from 1. */
  readonly line: number;
  /** The members of the person by their names; undefined when the line cannot be read. */
  readonly person: Readonly<Record<string, unknown>> | undefined;
  /** Why it cannot be read. */
  readonly problem?: string;
  /** Bytes of the file read so far, about. */
  readonly bytes: number;
}
