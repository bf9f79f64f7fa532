import { Injectable } from '@nestjs/common';

/** A part of the program that requests depend on. */
export interface HealthCheck {
  /** The member of `checks` that tells of it. */
  readonly name: string;
  /** What is wrong, as far as this process knows without the database. */
  failing?(): readonly string[];
  /** What is wrong. Asked only while the database answers and no migration is pending. */
  problems(): Promise<readonly string[]>;
}

/** What other folders add to readiness. */
@Injectable()
export class HealthChecks {
  private readonly all: HealthCheck[] = [];

  add(check: HealthCheck): void {
    this.all.push(check);
  }

  /** `ok`, or what is wrong, by name. */
  async ask(): Promise<Readonly<Record<string, string>>> {
    const told: Record<string, string> = {};
    for (const check of this.all) told[check.name] = (await check.problems()).join(', ') || 'ok';
    return told;
  }

  /** What is known while the database cannot be asked, by name. */
  known(): Readonly<Record<string, string>> {
    const known: Record<string, string> = {};
    for (const check of this.all) {
      const failing = check.failing?.();
      if (failing !== undefined) known[check.name] = failing.join(', ') || 'unknown';
    }
    return known;
  }
}
