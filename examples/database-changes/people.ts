/** Somebody, as every release answers it: what clients see changes at another time than what the database holds. */
export type Person = { readonly id: number; readonly name: string };

/** What a release does with the table `people`. */
export type People = {
  add(name: string): number;
  /** False where there is nobody of that id. */
  rename(id: number, name: string): boolean;
  find(id: number): Person | null;
};

/** A name in its two parts: the second is empty where there is but one word. */
export type Parts = { readonly given: string; readonly family: string };

/** Splits at the first space. `joined` of it is the name again. */
export function split(name: string): Parts {
  const at = name.indexOf(" ");
  return at < 0 ? { given: name, family: "" } : { given: name.slice(0, at), family: name.slice(at + 1) };
}

export function joined({ given, family }: Parts): string {
  return family === "" ? given : `${given} ${family}`;
}
