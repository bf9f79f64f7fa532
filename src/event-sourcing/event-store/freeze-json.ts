/** Freezes plain JSON with all that is in it. `for … in` makes no list of the members. */
export function freezeJson(value: Readonly<Record<string, unknown>>): void {
  Object.freeze(value);
  for (const name in value) {
    const member = value[name];
    if (typeof member === 'object' && member !== null) freezeJson(member as Record<string, unknown>);
  }
}
