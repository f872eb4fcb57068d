/**
 * The numbers 0 to `size` - 1 in an order that only depends on `seed`.
 *
 * Buckets go to the candidate in this order, so that who was moved stays moved while a share rises, and so that it is not
 * the same clients in every rollout. Fisher-Yates, driven by the 32-bit generator mulberry32.
 */
export function permutation(seed: string, size: number): readonly number[] {
  const order = Array.from({ length: size }, (_, index) => index);
  const random = generator(fnv1a(seed));
  for (let last = size - 1; last > 0; last--) {
    const chosen = random() % (last + 1);
    const kept = order[last] as number;
    order[last] = order[chosen] as number;
    order[chosen] = kept;
  }
  return order;
}

function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** FNV-1a, 32 bits, over the UTF-16 units: seeds are short names of rollouts. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
