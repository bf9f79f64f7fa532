import { CustomTypesConfig, types } from 'pg';

const int8 = 20;

/** Positions stay exact: `bigint` columns become BigInt, on these connections only. */
export const bigintAsBigInt: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 && format !== 'binary' ? BigInt : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};
