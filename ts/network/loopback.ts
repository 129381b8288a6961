/** Whether only programs of this host can reach an address. */
export function isLoopback(address: string): boolean {
  const bare = address.replaceAll(/[[\]]/g, '').replace(/^::ffff:/i, '');
  return bare.startsWith('127.') || bare === '::1';
}
