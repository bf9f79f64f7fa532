import type { EntityMetadata } from 'typeorm';
import { ColumnMetadata } from './row-column';

type ColumnType = ColumnMetadata['type'];

/** Types whose rows are proven to be those that the driver writes. */
const proven: ReadonlySet<ColumnType> = new Set<ColumnType>([
  ...[Number, String, Boolean, Date],
  ...(['int', 'int2', 'int4', 'int8', 'smallint', 'integer', 'bigint'] as const),
  ...(['decimal', 'numeric', 'real', 'float', 'float4', 'float8', 'double precision', 'money'] as const),
  ...(['character varying', 'varchar', 'character', 'char', 'text', 'citext'] as const),
  ...(['bytea', 'bit', 'varbit', 'bit varying', 'bool', 'boolean', 'uuid', 'xml'] as const),
  ...(['timestamptz', 'timestamp', 'timestamp without time zone', 'timestamp with time zone'] as const),
  ...(['date', 'time', 'timetz', 'time without time zone', 'time with time zone', 'interval'] as const),
  ...(['enum', 'simple-enum', 'simple-array', 'simple-json', 'json', 'jsonb', 'jsonpath', 'hstore'] as const),
  ...(['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'cube', 'ltree'] as const),
  ...(['cidr', 'inet', 'macaddr', 'macaddr8', 'tsvector', 'tsquery', 'vector', 'halfvec'] as const),
  ...(['int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange'] as const),
  ...(['int4multirange', 'int8multirange', 'nummultirange'] as const),
  ...(['tsmultirange', 'tstzmultirange', 'datemultirange'] as const),
]);

/** Types whose arrays the driver itself writes wrongly, or not at all. */
const withoutArrays: ReadonlySet<ColumnType> = new Set<ColumnType>([
  ...[Boolean],
  ...([
    'json',
    'jsonb',
    'simple-json',
    'simple-array',
    'hstore',
    'ltree',
    'box',
    'vector',
    'halfvec',
  ] as const),
]);

/** Why rows of the entity cannot be written as the driver would write them, with the mend; undefined where they can. */
export function faultOfColumns(metadata: EntityMetadata): string | undefined {
  const { name, tableType, treeType, columns } = metadata;
  if (tableType === 'view') return `${name} is a view. Name the entities of its tables.`;
  if (treeType !== undefined)
    return `${name} is a @Tree, whose paths only a repository keeps. Keep the parent in a column of its own.`;
  for (const column of columns) {
    const fault = column.isVirtualProperty ? undefined : faultOf(column);
    if (fault !== undefined) return `${name}.${column.propertyPath} ${fault}`;
  }
  return undefined;
}

function faultOf({ type, isArray, isInsert, isUpdate }: ColumnMetadata): string | undefined {
  if (!proven.has(type) || (isArray && withoutArrays.has(type))) {
    return (
      `is of the type ${nameOf(type)}${isArray ? '[]' : ''}, which rows() cannot write. Declare it as text or jsonb with a ` +
      'transformer, or leave it out of the entity and write it with SQL.'
    );
  }
  if (isInsert || !isUpdate) return undefined;
  return 'is declared with insert: false, which a put cannot keep. Declare update: false besides, or neither.';
}

/** Which method of the entity `rows()` would pass over: it writes values, not instances. */
export function faultOfListeners(metadata: EntityMetadata): string | undefined {
  const [listener] = [
    ...metadata.beforeInsertListeners,
    ...metadata.beforeUpdateListeners,
    ...metadata.beforeRemoveListeners,
    ...metadata.afterInsertListeners,
    ...metadata.afterUpdateListeners,
    ...metadata.afterRemoveListeners,
  ];
  if (!listener) return undefined;
  const { name } = metadata;
  return `${name}.${listener.propertyName} is a listener, which rows() does not call. Do its work in the projector.`;
}

function nameOf(type: ColumnType): string {
  return typeof type === 'function' ? type.name : String(type);
}
