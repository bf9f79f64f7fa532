import type { CommandContext } from '../../../platform/cli';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Complaints } from './complaints';
import { PeopleFile, type PeopleFileOptions } from './people-file/people-file';
import type { PersonLine } from './people-file/person-line';
import { PersonImport } from './person-import';

/** How many people are under way at once: enough to fill the batches of the log. */
const atOnce = 64;

export type ImportOptions = Omit<PeopleFileOptions, 'tellLeftOut'>;

/**
 * Creates a user for every line. A second run of the same file changes nothing, so an import that was cut off is simply
 * run again. A wrong line is reported by its number, and all other lines are imported. A file that cannot be read exactly
 * changes nothing.
 */
export async function importUsers(
  { application, output }: CommandContext,
  path: string,
  options: ImportOptions,
): Promise<boolean> {
  const complaints = new Complaints(output);
  const file = await PeopleFile.open(path, {
    ...options,
    tellLeftOut: (columns) => complaints.leftOut(columns),
  });
  await file.check();
  const running = await application();
  const people = new PersonImport(
    running.get(CommandBus, { strict: false }),
    running.get(QueryBus, { strict: false }),
    () => complaints.waiting(),
  );
  const tally = { created: 0, unchanged: 0, failed: 0 };
  const progress = output.progress('Importing');
  const importLine = async (line: PersonLine): Promise<void> => {
    const outcome = await people.import(line);
    tally[outcome.is]++;
    if (outcome.problem !== undefined) complaints.line(line.line, outcome.problem);
    progress.update(line.bytes, file.size);
  };
  try {
    await forEachAtOnce(file.people(), importLine);
  } finally {
    progress.stop();
    complaints.sum();
    output.print(
      tally,
      `${tally.created} created, ${tally.unchanged} there already, ${tally.failed} failed.`,
    );
  }
  return tally.failed === 0;
}

async function forEachAtOnce<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  try {
    for await (const item of items) {
      const one = work(item).finally(() => underWay.delete(one));
      underWay.add(one);
      if (underWay.size >= atOnce) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
}
