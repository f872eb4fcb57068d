import { stripVTControlCharacters } from "node:util";

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\ufe0f/u;
const NO_WIDTH = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Control}]+$/u;
/** One column each, by themselves: ASCII, Latin-1 and the glyphs of Sluice. What follows them and changes them is not in it. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\xff…→─-▟▲▶◌◷✔✖]*$/;

/** Columns that a text takes on a terminal: colours take none, CJK and emoji take two (Unicode TR 11, wide and fullwidth). */
export function width(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (NARROW.test(bare)) return bare.length;
  let columns = 0;
  for (const { segment } of graphemes().segment(bare)) columns += widthOfGrapheme(segment);
  return columns;
}

/** At most `columns` wide; what is cut off ends in `mark`. Colours must be added after. */
export function clip(text: string, columns: number, mark: string): string {
  if (width(text) <= columns) return text;
  const room = columns - width(mark);
  if (room < 0) return "";
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes().segment(text)) {
    used += widthOfGrapheme(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept + mark;
}

/** Text of others without what could drive the terminal: no escapes, no line breaks, no bidirectional overrides. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ");
}

let segmenter: Intl.Segmenter | null = null;

/** Made when it is first needed: most texts are plain, and making it takes a tenth of a short command. */
function graphemes(): Intl.Segmenter {
  segmenter ??= new Intl.Segmenter();
  return segmenter;
}

function widthOfGrapheme(segment: string): number {
  if (NO_WIDTH.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
