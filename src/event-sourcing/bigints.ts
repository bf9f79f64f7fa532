/** The largest of the values, or `least` when that is larger. `Math.max` takes no bigint. */
export function largestOf(values: readonly bigint[], least = 0n): bigint {
  return values.reduce((largest, value) => (value > largest ? value : largest), least);
}

/** The smallest of the values, or `most` when that is smaller. */
export function smallestOf(values: readonly bigint[], most: bigint): bigint {
  return values.reduce((smallest, value) => (value < smallest ? value : smallest), most);
}
