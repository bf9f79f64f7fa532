export type Act = 'create' | 'email' | 'rename' | 'deactivate' | 'reactivate';

/** A command, and all that its client came to know of it. */
export interface Entry {
  readonly userId: string;
  /** Its place among the commands for this user: the version that its event must have. */
  readonly number: number;
  readonly act: Act;
  /** The new name or e-mail address, unlike any other; also the name of a new user. */
  readonly value: string;
  /** The correlation id of each request that was sent for it: the event in the log carries one of them. */
  readonly attempts: string[];
  /** Those of them that got no answer, or 503. */
  readonly unknown: string[];
  acknowledged?: Acknowledgement;
}

export interface Acknowledgement {
  readonly version: number;
  /** Unknown when a repeated create was told that the user exists. */
  readonly position?: bigint;
}

/** What the clients know: every acknowledgement, every outcome that is not known, every answer nobody expects. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly surprises: string[] = [];
  acknowledged = 0;
  unknown = 0;
  lastPosition = 0n;

  open(command: Pick<Entry, 'userId' | 'number' | 'act' | 'value'>): Entry {
    const entry = { ...command, attempts: [], unknown: [] };
    this.entries.push(entry);
    return entry;
  }

  acknowledge(entry: Entry, acknowledgement: Acknowledgement): void {
    entry.acknowledged = acknowledgement;
    this.acknowledged++;
    const { position = 0n } = acknowledgement;
    if (position > this.lastPosition) this.lastPosition = position;
  }

  leaveOpen(entry: Entry, attempt: string): void {
    entry.unknown.push(attempt);
    this.unknown++;
  }
}
