/** Role and database of the embedded cluster are both named `annals`. */
export function clusterUrl(password: string, port: number): string {
  return `postgres://annals_admin:${password}@127.0.0.1:${port}/annals`;
}
