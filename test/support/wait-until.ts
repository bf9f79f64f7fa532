/** Resolves once it is true; throws when it has not come true within so many seconds. */
export async function waitUntil(isTrue: () => Promise<boolean>, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`It did not come true within ${seconds} seconds.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
