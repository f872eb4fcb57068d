/** A name as it stands in nginx's files: `_` for `-`, because the variable `$my-app` would be `$my` followed by `-app`. */
export function nginxName(name: string): string {
  return name.replaceAll("-", "_");
}
