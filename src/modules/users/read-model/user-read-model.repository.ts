import { Injectable } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import { Any, EntityManager, SelectQueryBuilder } from 'typeorm';
import { ReadGroups } from '../../../event-sourcing';
import { withoutCase } from '../domain/email';
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

@Injectable()
export class UserReadModelRepository {
  private readonly byId = new ReadGroups((userIds: readonly string[]) => this.findAll(userIds));

  constructor(@InjectEntityManager() private readonly manager: EntityManager) {}

  findById(userId: string): Promise<UserEntity | undefined> {
    return this.byId.get(userId.toLowerCase());
  }

  /** In the order of creation, oldest first: a page stays the same however many users are created meanwhile. */
  async search({ email = '', isActive, limit, after = 0n }: UserSearch): Promise<UserPage> {
    const query = this.manager
      .createQueryBuilder(UserEntity, 'user')
      .where('user.createdPosition > :after', { after: String(after) })
      .orderBy('user.createdPosition', 'ASC')
      .limit(limit + 1);
    if (email !== '') whereEmailHas(query, withoutCase(email));
    if (isActive !== undefined) query.andWhere('user.isActive = :isActive', { isActive });
    const users = await query.getMany();
    const last = users[limit - 1];
    return users.length > limit && last
      ? { users: users.slice(0, limit), next: BigInt(last.createdPosition) }
      : { users };
  }

  private async findAll(userIds: readonly string[]): Promise<readonly (UserEntity | undefined)[]> {
    const users = await this.manager.findBy(UserEntity, { userId: Any(userIds) });
    const byId = new Map(users.map((user) => [user.userId, user]));
    return userIds.map((userId) => byId.get(userId));
  }
}

/** A piece with a sigma also matches the other one: the index does not serve that, and it is rare. */
function whereEmailHas(query: SelectQueryBuilder<UserEntity>, piece: string): void {
  const pattern = `%${literal(piece)}%`;
  const rare = rarePart(piece);
  if (piece.includes('σ')) query.andWhere("translate(user.email, 'ς', 'σ') LIKE :pattern", { pattern });
  else if (rare === undefined) query.andWhere('user.email LIKE :pattern', { pattern });
  else
    query
      .andWhere('user.email LIKE :rare', { rare: `%${literal(rare)}%` })
      .andWhere("(user.email || '') LIKE :pattern", { pattern });
}

/**
 * The end of the local part, where a piece has one: what to ask the index for. Asked for all of an address, it would go
 * through the users of a domain three letters at a time, a hundred times as long as to compare the whole piece with the few
 * who have this part. (An expression, as by `|| ''`, is hidden from the index.)
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
