import { QueryBus } from '@nestjs/cqrs';
import { allPrinted, type CommandContext } from '../../../platform/cli';
import { SearchUsers } from '../application/search-users.query';
import { userResponse } from '../http/user-responses';

/** Prints every user of the read model, one JSON object a line, oldest first. */
export async function exportUsers({ application, output }: CommandContext): Promise<void> {
  const queries = (await application()).get(QueryBus, { strict: false });
  let after: bigint | undefined = 0n;
  while (after !== undefined) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(queries, after);
    for (const user of page.users.map(userResponse)) output.print(user, JSON.stringify(user));
    await allPrinted();
    after = page.next;
  }
}

function readPage(queries: QueryBus, after: bigint) {
  return queries.execute(new SearchUsers({ limit: 1_000, after }));
}
