import type { EntityMetadata } from 'typeorm';

type Embedded = EntityMetadata['embeddeds'][number];

/** The members that a row may have: those of columns and owned relations, and objects with such members. */
export interface MemberNames {
  readonly own: ReadonlySet<string>;
  readonly embedded: ReadonlyMap<string, MemberNames>;
}

export function memberNames({ ownColumns, ownRelations, embeddeds }: EntityMetadata): MemberNames {
  return namesOf(ownColumns, ownRelations, embeddeds);
}

function namesOf(
  columns: EntityMetadata['ownColumns'],
  relations: EntityMetadata['ownRelations'],
  embeddeds: readonly Embedded[],
): MemberNames {
  const owned = relations.filter(({ joinColumns }) => joinColumns.length > 0);
  return {
    own: new Set([...columns.filter(({ isVirtual }) => !isVirtual), ...owned].map((of) => of.propertyName)),
    embedded: new Map(
      embeddeds.map((of) => [of.propertyName, namesOf(of.columns, of.relations, of.embeddeds)] as const),
    ),
  };
}

/** Members with a value that no column takes. */
export function strangersIn(members: object, { own, embedded }: MemberNames): readonly string[] {
  const strangers: string[] = [];
  for (const name in members) {
    const value = (members as Record<string, unknown>)[name];
    if (value === undefined || own.has(name)) continue;
    const inside = embedded.get(name);
    if (!inside) strangers.push(name);
    else if (typeof value === 'object' && value !== null)
      strangers.push(...strangersIn(value, inside).map((stranger) => `${name}.${stranger}`));
  }
  return strangers;
}
