/** Whether only programs of this host can reach an address that is listened on. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
