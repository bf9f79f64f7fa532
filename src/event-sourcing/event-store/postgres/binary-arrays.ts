/**
 * Arrays as Postgres takes them in binary (`array_recv`): a header, then each element behind its length. The driver sends a
 * buffer as it is. As text, each element would be escaped here and read there character by character.
 */
const headerLength = 20;

const [dash, zero, letterA] = ['-', '0', 'a'].map((character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
];

/** Object ids of the built-in types, the same in every database. */
const typeIds = { boolean: 16, integer: 23, text: 25, json: 114, uuid: 2950 };

export function booleanArray(values: readonly boolean[]): Buffer {
  return arrayOf(typeIds.boolean, values, values.length, (buffer, value, at) => {
    buffer.writeUInt8(value ? 1 : 0, at);
    return 1;
  });
}

export function integerArray(values: readonly number[]): Buffer {
  return arrayOf(typeIds.integer, values, values.length * 4, (buffer, value, at) => {
    buffer.writeInt32BE(value, at);
    return 4;
  });
}

export function textArray(values: readonly string[]): Buffer {
  return arrayOf(typeIds.text, values, bytesOf(values), writeText);
}

/** Each value is a JSON text. */
export function jsonArray(values: readonly string[]): Buffer {
  return arrayOf(typeIds.json, values, bytesOf(values), writeText);
}

/** Undefined is null in the array. */
export function uuidArray(values: readonly (string | undefined)[]): Buffer {
  return arrayOf(typeIds.uuid, values, values.length * 16, writeUuid);
}

function bytesOf(values: readonly string[]): number {
  return values.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
}

function writeText(buffer: Buffer, value: string, at: number): number {
  return buffer.write(value, at);
}

/** The text is a UUID in lower case: the append has checked it. */
function writeUuid(buffer: Buffer, value: string, at: number): number {
  let byte = at;
  for (let index = 0; index < value.length; index += 2) {
    if (value.charCodeAt(index) === dash) index++;
    buffer[byte++] = (digitAt(value, index) << 4) | digitAt(value, index + 1);
  }
  return 16;
}

/** The value of a hexadecimal digit: 0 to 9, or a to f. */
function digitAt(value: string, index: number): number {
  const code = value.charCodeAt(index);
  return code < letterA ? code - zero : code - letterA + 10;
}

/**
 * @param bytes Room for the elements, at least.
 * @param write Writes one element, and gives its length in bytes.
 */
function arrayOf<T>(
  typeId: number,
  values: readonly (T | undefined)[],
  bytes: number,
  write: (buffer: Buffer, value: T, at: number) => number,
): Buffer {
  const buffer = Buffer.allocUnsafe(headerLength + 4 * values.length + bytes);
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(values.includes(undefined) ? 1 : 0, 4); // whether there are nulls
  buffer.writeInt32BE(typeId, 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16); // the first index
  let at = headerLength;
  for (const value of values) {
    const length = value === undefined ? -1 : write(buffer, value, at + 4);
    buffer.writeInt32BE(length, at);
    at += 4 + Math.max(length, 0);
  }
  return buffer.subarray(0, at);
}
