/**
 * A text that is neither stored nor shown: only where it comes from is kept, and it is read when it is needed.
 *
 * `text` may hold variables of the environment as `${NAME}`; of a file its first line counts.
 */
export type Secret = { readonly from: "text"; readonly text: string } | { readonly from: "file"; readonly path: string };
