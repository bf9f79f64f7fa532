import { prepareValue } from 'pg/lib/utils';
import type { DataSource, EntityMetadata } from 'typeorm';
import { InvalidRowError } from './errors';

export type ColumnMetadata = EntityMetadata['columns'][number];

/**
 * What the driver sends for a value: its text, or a number or truth value that stands for the same text. Nothing that a projector
 * could change afterwards. null is NULL, undefined is no value.
 */
export type ColumnText = string | number | boolean | null | undefined;

/** A column of an entity, whose values it turns into the text that the driver would send. */
export class RowColumn {
  readonly name: string;
  private readonly isAsGiven: boolean;
  private readonly isTruth: boolean;
  private readonly isInstant: boolean;
  /** Whether the text of a time must name its zone, and may name any. */
  private readonly isOfZone: boolean;
  private readonly member: string | undefined;

  constructor(
    readonly metadata: ColumnMetadata,
    private readonly driver: DataSource['driver'],
  ) {
    const { type, transformer, embeddedMetadata, referencedColumn } = metadata;
    this.name = metadata.databaseName;
    this.isAsGiven = transformer === undefined && !preparedTypes.has(type);
    this.isTruth = transformer === undefined && type === Boolean;
    this.isOfZone = instantTypes.has(type);
    this.isInstant = transformer === undefined && this.isOfZone;
    this.member = embeddedMetadata || referencedColumn ? undefined : metadata.propertyName;
  }

  /**
   * The text of the member that the entity has for the column. Where a transformer makes nothing of it, a change is NULL, and a
   * new row has the default.
   */
  textIn(entity: Readonly<Record<string, unknown>>, isChange = false): ColumnText {
    const given: unknown =
      this.member === undefined ? this.metadata.getEntityValue(entity) : entity[this.member];
    if (given === undefined) return undefined;
    const text = this.text(given);
    return text === undefined && isChange ? null : text;
  }

  /** Asking the driver costs more than everything else about a row, so ordinary values pass by it. */
  text(value: unknown): ColumnText {
    if (this.isAsGiven && isPlain(value)) return value;
    if (this.isTruth && typeof value === 'boolean') return value;
    if (this.isInstant && value instanceof Date) return this.instant(value);
    return this.prepared(value);
  }

  /** Gives the entity what the driver read of the column. */
  set(entity: object, raw: unknown): void {
    this.metadata.setEntityValue(entity, this.driver.prepareHydratedValue(raw, this.metadata));
  }

  private prepared(value: unknown): ColumnText {
    if (typeof value === 'function') {
      throw new InvalidRowError(
        `${this.place} was given a function. Give a value: rows() runs no SQL expressions.`,
      );
    }
    const prepared: unknown = this.driver.preparePersistentValue(value, this.metadata);
    if (prepared === undefined || prepared === null) return prepared;
    if (prepared instanceof Date) return this.instant(prepared);
    const text = prepareValue(prepared);
    return Buffer.isBuffer(text) ? this.bytes(text) : text;
  }

  private instant(date: Date): string {
    const time = date.getTime();
    if (this.isOfZone && time >= wholeMinuteZones && time < yearTenThousand) return date.toISOString();
    if (Number.isNaN(time)) throw new InvalidRowError(`${this.place} was given an invalid date.`);
    return prepareValue(date) as string;
  }

  private bytes(buffer: Buffer): string {
    if (this.metadata.type !== 'bytea') {
      throw new InvalidRowError(`${this.place} was given bytes. Declare the column as bytea, or give text.`);
    }
    return `\\x${buffer.toString('hex')}`;
  }

  private get place(): string {
    return `${this.metadata.entityMetadata.name}.${this.metadata.propertyPath}`;
  }
}

/** Types whose values the driver makes ready, be they texts, numbers or truth values. */
const preparedTypes: ReadonlySet<ColumnMetadata['type']> = new Set<ColumnMetadata['type']>([
  Boolean,
  Date,
  'timestamp',
  'timestamp without time zone',
  'timestamptz',
  'timestamp with time zone',
  'datetime',
  'json',
  'jsonb',
  'simple-json',
  'hstore',
  'cube',
  'ltree',
]);

const instantTypes: ReadonlySet<ColumnMetadata['type']> = new Set<ColumnMetadata['type']>([
  'timestamptz',
  'timestamp with time zone',
]);

/** Since 1972 every zone is whole minutes from UTC. The driver writes offsets in minutes, and a time before that with its seconds lost. */
const wholeMinuteZones = Date.UTC(1973, 0, 1);
const yearTenThousand = Date.UTC(10_000, 0, 1);

function isPlain(value: unknown): value is string | number | boolean | null {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}
