import { CustomTypesConfig, types } from 'pg';

const int8 = 20;
const parseText = types.getTypeParser as (oid: number, format: string) => (value: string) => unknown;

/** Positions stay exact: `bigint` columns become BigInt, on these connections only. */
export const bigintAsBigInt: CustomTypesConfig = {
  getTypeParser: (oid: number, format = 'text') =>
    oid === int8 && format === 'text' ? BigInt : parseText(oid, format),
};
