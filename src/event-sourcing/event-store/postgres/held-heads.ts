import type { QueryRunner } from 'typeorm';
import { messageContext, scopeOf } from '../../messaging/message-context';
import { HeadHeldError } from '../errors';

/** The appends of one scope: of what is awaited together. */
interface Appends {
  /** Transactions that have appended. Each holds the head of the log until it ends. */
  readonly holders: Set<QueryRunner>;
  /** Appends outside transactions that have no answer yet. */
  outside: number;
}

const ofScope = new WeakMap<object, Appends>();

/**
 * Notes, in a message, that a transaction appends, and holds the head of the log from now on, whatever the verdict.
 * @throws HeadHeldError when it would wait for an append of its own scope, which waits for it in turn.
 */
export function holdHead(runner: QueryRunner): void {
  const appends = appendsHere();
  if (!appends) return;
  const { holders, outside } = appends;
  if (outside > 0)
    throw new HeadHeldError('Another append of this message is under way outside the transaction.');
  checkHolders(holders, runner);
  if (holders.has(runner)) return;
  holders.add(runner);
  watchEnd(runner, () => void holders.delete(runner));
}

/**
 * Appends outside any transaction.
 * @throws HeadHeldError when a transaction of this scope holds the head: it would wait for the transaction, and that for it.
 */
export async function appendOutside<R>(append: () => Promise<R>): Promise<R> {
  const appends = appendsHere();
  if (!appends) return append();
  checkHolders(appends.holders);
  appends.outside++;
  try {
    return await append();
  } finally {
    appends.outside--;
  }
}

function checkHolders(holders: ReadonlySet<QueryRunner>, own?: QueryRunner): void {
  for (const holder of holders)
    if (holder !== own && !holder.isReleased)
      throw new HeadHeldError('A transaction of this message has appended, and has not ended.');
}

/** Undefined outside any message: there nothing tells what waits for what. */
function appendsHere(): Appends | undefined {
  const context = messageContext();
  if (!context) return undefined;
  const scope = scopeOf(context);
  const appends = ofScope.get(scope) ?? { holders: new Set(), outside: 0 };
  ofScope.set(scope, appends);
  return appends;
}

/** TypeORM tells nobody when a transaction of this runner ends, but by its flag. A savepoint leaves that as it is. */
function watchEnd(runner: QueryRunner, ended: () => void): void {
  let isActive = true;
  Object.defineProperty(runner, 'isTransactionActive', {
    configurable: true,
    enumerable: true,
    get: () => isActive,
    set: (value: boolean) => {
      isActive = value;
      if (!value) ended();
    },
  });
}
