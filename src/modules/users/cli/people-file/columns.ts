import { UnreadableFileError } from './unreadable-file-error';

/** Members that a column can give: those of a user, and those that only an export tells. */
export const members = ['name', 'email', 'userId', 'isActive', 'createdAt', 'updatedAt', 'version'] as const;
const needed = ['name', 'email'] as const;

/** What the operator says of a column: the member that it gives, or `''` for a column that does not count. */
export interface MappedColumn {
  readonly column: string;
  readonly member: string;
}

/** The columns of a CSV file, in their order. */
export class Columns {
  private constructor(
    private readonly cells: readonly string[],
    /** The member that each column gives; undefined for a column that does not count. */
    private readonly given: readonly (string | undefined)[],
  ) {}

  /** @throws UnreadableFileError when the header does not say where name and address are. */
  static of(cells: readonly string[], mapped: readonly MappedColumn[]): Columns {
    for (const { column } of mapped) {
      if (!cells.some((cell) => isSame(cell, column)))
        throw new UnreadableFileError(`The header has no column "${column}". It has ${listed(cells)}.`);
    }
    const columns = new Columns(
      cells,
      cells.map((cell) => memberOf(cell, mapped)),
    );
    columns.check(mapped);
    return columns;
  }

  /** Whether the header, as it is cut into cells here, names all that is needed. */
  static fit(cells: readonly string[], mapped: readonly MappedColumn[]): boolean {
    const given = cells.map((cell) => memberOf(cell, mapped));
    return needed.every((member) => given.includes(member));
  }

  /** Names of the columns that do not count. */
  get leftOut(): readonly string[] {
    return this.cells.filter((cell, index) => cell !== '' && this.given[index] === undefined);
  }

  /** The members of a line, or what is wrong with it. Several columns of a name are joined by a space. */
  person(values: readonly string[]): Record<string, string> | string {
    if (values.length !== this.cells.length) return 'has more or fewer columns than the header';
    const person: Record<string, string> = {};
    for (const [index, value] of values.entries()) {
      const member = this.given[index];
      if (this.cells[index] === '' && value !== '') return 'has a value in a column without a name';
      if (member === undefined || value === '') continue;
      person[member] = person[member] === undefined ? value : `${person[member]} ${value}`;
    }
    return person;
  }

  private check(mapped: readonly MappedColumn[]): void {
    const missing = needed.filter((member) => !this.given.includes(member));
    if (missing.length > 0) throw missingColumns(this.cells, missing);
    if (this.leftOut.length > 0 && mapped.length === 0) {
      throw new UnreadableFileError(
        `The header has columns that no user has: ${listed(this.leftOut)}. Take them out of the file, or say of each that ` +
          `it does not count: --map "${this.leftOut[0]}="`,
      );
    }
    for (const member of members) {
      const twice = this.cells.filter((_cell, index) => this.given[index] === member);
      if (twice.length > 1 && !isJoinedName(member, twice, mapped))
        throw new UnreadableFileError(
          `Two columns of the header give the ${member}: ${listed(twice)}. Keep one.`,
        );
    }
  }
}

function missingColumns(cells: readonly string[], missing: readonly string[]): UnreadableFileError {
  if (cells.some((cell) => cell.includes('@')))
    return new UnreadableFileError(
      'The file has no header: its first line is a person. Put a line before it that names the columns, as name,email',
    );
  return new UnreadableFileError(
    `The header names no column for ${missing.join(' and ')}. It has ${listed(cells)}. Say which column it is: ` +
      `--map "${cells.find((cell) => cell !== '') ?? 'column'}=${missing[0]}"`,
  );
}

/** A name in two columns (first name, last name) is one that the operator has asked for. */
function isJoinedName(member: string, columns: readonly string[], mapped: readonly MappedColumn[]): boolean {
  return member === 'name' && columns.every((cell) => mapped.some(({ column }) => isSame(cell, column)));
}

function memberOf(cell: string, mapped: readonly MappedColumn[]): string | undefined {
  const said = mapped.find(({ column }) => isSame(cell, column));
  const member = said ? said.member : members.find((name) => isSame(name, cell));
  return member === '' ? undefined : member;
}

/** Without regard to case, spaces and signs: `E-Mail`, `e_mail` and `email` are one. */
function isSame(one: string, other: string): boolean {
  return one === other || (plain(one) !== '' && plain(one) === plain(other));
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function listed(cells: readonly string[]): string {
  return cells.map((cell) => JSON.stringify(cell)).join(', ');
}
