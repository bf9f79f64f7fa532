/** Resolves once it is true; throws when it has not come true within 30 seconds. */
export async function waitUntil(isTrue: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error('It did not come true within 30 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
