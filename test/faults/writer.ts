import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Act, Entry, Journal } from './journal';
import { Outcome, send } from './request';

/** What is done to one user after another; every second one stays deactivated. */
const lives: readonly (readonly Act[])[] = [
  ['create', 'email', 'rename', 'deactivate', 'reactivate', 'email'],
  ['create', 'rename', 'email', 'rename', 'deactivate'],
];

const pauseAfterRefusalMs = 50;

/**
 * One client: a command at a time, each repeated until it is acknowledged. All of them change something and can be
 * repeated, so whatever happens to the service, each command ends up as exactly one event. Nobody else touches its users.
 */
export class Writer {
  private userNumber = 0;
  private userId = '';
  private step = 0;
  private current: Entry | undefined;

  constructor(
    private readonly name: string,
    private readonly journal: Journal,
  ) {}

  /** Works until told to stop; the last command may be left open. */
  async work(target: () => string, isStopping: () => boolean): Promise<void> {
    while (!isStopping()) {
      this.current ??= this.next();
      if (!(await this.attempt(this.current, target()))) await delay(pauseAfterRefusalMs);
    }
  }

  /** Repeats the command that was left open until it is acknowledged; one that never is counts as a fault. */
  async settle(target: string): Promise<void> {
    for (let tries = 0; this.current && tries < 200; tries++) {
      if (!(await this.attempt(this.current, target))) await delay(pauseAfterRefusalMs);
    }
  }

  private next(): Entry {
    const life = lives[this.userNumber % lives.length] ?? [];
    if (this.step === 0) this.userId = randomUUID();
    const act = life[this.step++] as Act;
    const entry = this.journal.open({
      userId: this.userId,
      number: this.step,
      act,
      value: `${this.name}-${this.userNumber}-${this.step}`,
    });
    if (this.step === life.length) {
      this.step = 0;
      this.userNumber++;
    }
    return entry;
  }

  private async attempt(entry: Entry, target: string): Promise<boolean> {
    const id = `${this.name}-${this.journal.entries.length}-${randomUUID()}`;
    entry.attempts.push(id);
    const outcome = await send(target, entry, id);
    const isSettled = this.take(entry, id, outcome);
    if (isSettled) this.current = undefined;
    return isSettled;
  }

  private take(entry: Entry, id: string, outcome: Outcome): boolean {
    if (outcome.kind === 'done') {
      this.journal.acknowledge(entry, outcome);
      return true;
    }
    if (outcome.kind === 'refused' && existsSinceBefore(entry, outcome)) {
      this.journal.acknowledge(entry, { version: 1 });
      return true;
    }
    this.journal.leaveOpen(entry, id);
    if (outcome.kind === 'refused' && outcome.status !== 503) {
      this.journal.surprises.push(`${entry.act} was answered ${outcome.status}: ${outcome.text}`);
    }
    return false;
  }
}

/** The first request of a create had been stored although its answer was lost. */
function existsSinceBefore(
  { act, unknown }: Entry,
  { status, text }: { status: number; text: string },
): boolean {
  return act === 'create' && unknown.length > 0 && status === 409 && text.includes('"user-already-exists"');
}
