import { basename } from "node:path";

/** What nginx said, fit to be shown. `file` is the one of Sluice's own files that it names, or null. */
export type Words = { readonly text: string; readonly file: string | null };

/** Complaints about the system that quote nothing of the configuration but paths, ports and sizes. */
const HARMLESS =
  /^(bind\(\)|listen\(\)|still could not bind|open\(\)|opendir\(\)|mkdir\(\)|chdir\(|setrlimit\(|getpwnam\(|connect\(\)|epoll_create|worker process \d+ (exited|.*respawned)|the size \d+ of shared memory|limit_req|cache "|zero size shared memory|malloc\(|posix_memalign|no space|host not found in upstream|duplicate upstream "[\w.-]+"$|unknown "\w+" variable$|"\w+" directive is duplicate$|conflicting )/;

/**
 * The first complaint in what `nginx -t` printed, or in lines of the error log.
 *
 * nginx quotes the line at fault, which may hold a secret of any file that is included. So a complaint is only repeated where
 * it is about a file of `folder`, or says nothing but what the system refused; else its place is named, and where to look.
 */
export function words(text: string, folder: string, lookAt: string): Words {
  const complaint = complaints(text)[0];
  if (complaint === undefined) return { text: `nginx refused without a reason; ${lookAt}`, file: null };
  const place = / in (\/\S+):(\d+)$/.exec(complaint);
  const said = place === null ? complaint : complaint.slice(0, -place[0].length);
  const file = place?.[1] ?? null;
  if (file?.startsWith(`${folder}/`)) return { text: `${basename(file)}:${place?.[2]}: ${said}`, file: basename(file) };
  if (HARMLESS.test(said)) return { text: place === null ? said : `${said} (${file}:${place[2]})`, file: null };
  if (file !== null) return { text: `nginx refuses its configuration at ${file}:${place?.[2]}; ${lookAt}`, file: null };
  return { text: `nginx refuses its configuration; ${lookAt}`, file: null };
}

/** The texts of all `[emerg]`, `[alert]` and `[crit]` lines, whether printed by `-t` or logged. */
function complaints(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const found = /\[(?:emerg|alert|crit)\] (?:\d+#\d+: )?(?:\*\d+ )?(.*)$/.exec(line.trimEnd());
    return found?.[1] === undefined ? [] : [found[1]];
  });
}
