import { Move, Trail } from './trail';

/** What is wrong with the way the checkpoint went, and who wrote rows. Each sentence starts with the kind of the fault. */
export function faultsOfTrail({ moves, writes }: Trail): readonly string[] {
  const takers = new Map<number, string>();
  const faults = moves.flatMap((move) => {
    if (move.epoch > move.epochBefore) takers.set(move.epoch, move.service);
    return faultsOfMove(move, takers.get(move.epoch));
  });
  const forward = new Map(moves.filter(isForward).map(({ transaction, service }) => [transaction, service]));
  for (const { transaction, service } of writes) {
    if (forward.get(transaction) !== service)
      faults.push(`rows: ${service} wrote rows without moving the checkpoint in that transaction`);
  }
  return faults;
}

function faultsOfMove(move: Move, taker: string | undefined): string[] {
  const { service, epochBefore, epoch, positionBefore, position } = move;
  const way = `${service} from ${positionBefore} (epoch ${epochBefore}) to ${position} (epoch ${epoch})`;
  const faults: string[] = [];
  if (epoch < epochBefore || position < positionBefore) faults.push(`backwards: ${way}`);
  if (isForward(move) && service !== taker)
    faults.push(`stale: ${way}, though ${taker ?? 'nobody'} has the lease`);
  return faults;
}

function isForward({ positionBefore, position }: Move): boolean {
  return position > positionBefore;
}

/** Takings of the lease that follow a release: the row had no owner. The others waited until the lease ran out. */
export function handovers({ moves }: Trail): readonly { readonly from: Move; readonly to: Move }[] {
  const found = [];
  for (const [index, to] of moves.entries()) {
    const from = moves[index - 1];
    if (from?.owner === null && to.epoch > to.epochBefore) found.push({ from, to });
  }
  return found;
}
