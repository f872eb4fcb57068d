/**
 * Which of the changes make a set bad, and in whose words.
 *
 * `trial` tests the good set with some of the changes: null where it is good, else what was said. All of the changes together are
 * known to be bad (`text`), none of them to be good. Where two changes only clash with each other, the later one is named. Costs
 * about two trials per halving and culprit.
 */
export async function culprits<T>(
  changes: readonly T[],
  text: string,
  trial: (some: readonly T[]) => Promise<string | null>,
): Promise<ReadonlyMap<T, string>> {
  const bad = new Map<T, string>();
  const accepted: T[] = [];
  const search = async (group: readonly T[], said: string): Promise<void> => {
    const [only, ...more] = group;
    if (only === undefined) return;
    if (more.length === 0) {
      bad.set(only, said);
      return;
    }
    const middle = Math.ceil(group.length / 2);
    for (const half of [group.slice(0, middle), group.slice(middle)]) {
      const objection = await trial([...accepted, ...half]);
      if (objection === null) accepted.push(...half);
      else await search(half, objection);
    }
  };
  await search(changes, text);
  return bad;
}
