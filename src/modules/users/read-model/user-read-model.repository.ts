import { Injectable } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import { Brackets, EntityManager, SelectQueryBuilder } from 'typeorm';
import { ReadGroups } from '../../../event-sourcing';
import { spellingsOf } from './address-spellings';
import { UserEntity } from './user.entity';

export interface UserSearch {
  /** A piece of the address, taken literally, without regard to case. */
  readonly email?: string;
  readonly isActive?: boolean;
  readonly limit: number;
  /** Only users created after this position of the log. Default: from the first. */
  readonly after?: bigint;
}

export interface UserPage {
  readonly users: readonly UserEntity[];
  /** Where the next page starts: `after` of the next search. Undefined at the end. */
  readonly next?: bigint;
}

type UserQuery = SelectQueryBuilder<UserEntity>;

/** The rows of the entity, as SQL: made by the query builder for each group, it costs a read 6 to 11 % more. */
const selectByIds = `
  SELECT user_id AS "userId", name, email, is_active AS "isActive", created_at AS "createdAt",
    updated_at AS "updatedAt", version, created_position AS "createdPosition"
  FROM users
  WHERE user_id = ANY ($1)
`;

/** The address in the composed form of Unicode, as the index has it. */
const email = 'normalize(user.email, NFC)';

/** So many users are compared in less than a millisecond. */
const comparedOneByOne = 2_000;

@Injectable()
export class UserReadModelRepository {
  private readonly byId = new ReadGroups((userIds: readonly string[]) => this.findAll(userIds));

  constructor(@InjectEntityManager() private readonly manager: EntityManager) {}

  findById(userId: string): Promise<UserEntity | undefined> {
    return this.byId.get(userId.toLowerCase());
  }

  /** In the order of creation, oldest first: a page stays the same however many users are created meanwhile. */
  async search({ email: piece = '', isActive, limit, after = 0n }: UserSearch): Promise<UserPage> {
    const query = this.manager
      .createQueryBuilder(UserEntity, 'user')
      .where('user.createdPosition > :after', { after: String(after) })
      .limit(limit + 1);
    if (isActive !== undefined) query.andWhere('user.isActive = :isActive', { isActive });
    const users = await (piece === '' ? inOrder(query) : this.byPiece(query, spellingsOf(piece), limit + 1));
    const last = users[limit - 1];
    return users.length > limit && last
      ? { users: users.slice(0, limit), next: BigInt(last.createdPosition) }
      : { users };
  }

  /**
   * How many addresses have the piece decides what is fast, and statistics do not know it: if it is in one of the hundred
   * addresses that they keep, they take it for common. So some users are compared one by one first, in order. A piece that
   * many have fills the page from them; all others are left to the index.
   */
  private async byPiece(
    query: UserQuery,
    spellings: readonly string[],
    wanted: number,
  ): Promise<UserEntity[]> {
    const lastCompared = query
      .subQuery()
      .select('some.createdPosition')
      .from(UserEntity, 'some')
      .where('some.createdPosition > :after')
      .orderBy('some.createdPosition')
      .offset(comparedOneByOne)
      .limit(1);
    const compared = whereAny(query.clone(), spellings, contains).andWhere(
      `user.createdPosition <= ${lastCompared.getQuery()}`,
    );
    const found = await inOrder(compared);
    // (To sort by an expression keeps Postgres from reading in order until the page is full.)
    return found.length === wanted
      ? found
      : whereAny(query, spellings, has).orderBy('user.createdPosition + 0').getMany();
  }

  private async findAll(userIds: readonly string[]): Promise<readonly (UserEntity | undefined)[]> {
    const users = await this.manager.query<UserEntity[]>(selectByIds, [userIds]);
    const byId = new Map(users.map((user) => [user.userId, user]));
    return userIds.map((userId) => byId.get(userId));
  }
}

function inOrder(query: UserQuery): Promise<UserEntity[]> {
  return query.orderBy('user.createdPosition', 'ASC').getMany();
}

/** A condition for one spelling of a piece, with the values of its parameters. */
interface Condition {
  readonly sql: string;
  readonly values: Readonly<Record<string, string>>;
}

function whereAny(
  query: UserQuery,
  spellings: readonly string[],
  conditionOf: (piece: string, number: number) => Condition,
): UserQuery {
  const conditions = spellings.map(conditionOf);
  return query.andWhere(
    new Brackets((any) => conditions.forEach(({ sql, values }) => any.orWhere(sql, values))),
  );
}

/** Without the index. (An expression, as by `|| ''`, is hidden from it.) A piece with a sigma also matches the other one. */
function contains(piece: string, number: number): Condition {
  const text = piece.includes('σ') ? `translate(${email}, 'ς', 'σ')` : `(${email} || '')`;
  return { sql: `${text} LIKE :pattern${number}`, values: { [`pattern${number}`]: `%${literal(piece)}%` } };
}

/** By the index, but for a piece with a sigma: the index does not serve that, and it is rare. */
function has(piece: string, number: number): Condition {
  const compared = contains(piece, number);
  if (piece.includes('σ')) return compared;
  const rare = rarePart(piece);
  const indexed = `${email} LIKE :indexed${number}`;
  const values = { [`indexed${number}`]: `%${literal(rare ?? piece)}%` };
  if (rare === undefined) return { sql: indexed, values };
  return { sql: `${indexed} AND ${compared.sql}`, values: { ...values, ...compared.values } };
}

/**
 * The end of the local part, where a piece has one: what to ask the index for. Asked for all of an address, it would go
 * through the users of a domain three letters at a time, a hundred times as long as to compare the whole piece with the few
 * who have this part.
 */
function rarePart(piece: string): string | undefined {
  const at = piece.indexOf('@');
  // By code points, so that none is cut in two.
  const local = [...piece.slice(0, Math.max(0, at))];
  return local.length < 3 ? undefined : `${local.slice(-12).join('')}@`;
}

/** `%`, `_` and `\` stand for themselves. */
function literal(piece: string): string {
  return piece.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}
