import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/** A certificate in files, and who signed it. */
export type Issued = { readonly cert: string; readonly key: string; readonly ca: string };

const FRESH = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];

/** An authority, and a certificate of it for `localhost` and 127.0.0.1 that holds `days`, as files in a folder. */
export async function issue(folder: string, name: string, days = 30): Promise<Issued> {
  const [ca, key] = [join(folder, `${name}.ca.crt`), join(folder, `${name}.ca.key`)];
  await execa("openssl", [
    "req",
    "-x509",
    ...FRESH,
    "-keyout",
    key,
    "-out",
    ca,
    "-days",
    "30",
    "-subj",
    `/CN=authority of ${name}`,
  ]);
  return { ...(await sign(folder, name, name, days)), ca };
}

/** One more certificate of the authority that was made for `authority`. */
export async function sign(folder: string, authority: string, name: string, days = 30): Promise<Issued> {
  const file = (ending: string) => join(folder, `${name}${ending}`);
  const [cert, key, request, ca] = [file(".crt"), file(".key"), file(".csr"), join(folder, `${authority}.ca.crt`)];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  await execa("openssl", ["req", ...FRESH, "-keyout", key, "-out", request, "-subj", "/CN=localhost", ...names]);
  const signed = ["-CA", ca, "-CAkey", join(folder, `${authority}.ca.key`), "-days", String(days), "-copy_extensions", "copy"];
  await execa("openssl", ["x509", "-req", "-in", request, "-out", cert, ...signed]);
  return { cert, key, ca };
}

/** The texts of the files. */
export async function pem({ cert, key }: Issued): Promise<{ readonly cert: string; readonly key: string }> {
  return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
}
