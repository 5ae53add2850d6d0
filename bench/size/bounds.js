/**
 * What a page may have to load before it can use an entry: bytes, minified and gzipped, without what loads later;
 * and the packages that must not be among them.
 *
 * @type {Record<string, { gzip: number, without?: string[] }>}
 */
export const BOUNDS = {
  '.': {
    gzip: 12_500,
    without: [
      'idb',
      'dids',
      '@noble/curves',
      '@noble/hashes',
      '@ipld/dag-cbor',
      'cborg',
      'multiformats',
      'http-message-sig',
    ],
  },
  './ethereum': { gzip: 5_000, without: ['@noble/curves'] },
  './key': { gzip: 5_000, without: ['@noble/curves'] },
  './solana': { gzip: 5_000, without: ['@noble/curves'] },
  './webauthn': { gzip: 5_000, without: ['@noble/curves'] },
  './window': { gzip: 100 },
  './verify': { gzip: 60_000, without: ['dids', 'idb', 'http-message-sig'] },
  './fetch': { gzip: 60_000, without: ['dids', 'idb', 'http-message-sig'] },
  './hono': { gzip: 60_000, without: ['dids', 'idb', 'hono', 'http-message-sig'] },
  './express': { gzip: 60_000, without: ['dids', 'idb', 'http-message-sig'] },
  './fastify': { gzip: 60_000, without: ['dids', 'idb', 'http-message-sig'] },
  './stores': { gzip: 25_000, without: ['dids', 'jose', '@noble/curves'] },
  // A server's, as much as './verify' with what seals cookies.
  './cookie': { gzip: 60_000, without: ['dids', 'idb', 'http-message-sig'] },
  './cookie-client': { gzip: 2_000, without: ['jose', 'multiformats', '@ipld/dag-cbor', 'idb'] },
  './sql': { gzip: 40_000, without: ['dids', 'idb', 'jose', 'http-message-sig'] },
  './upstash': { gzip: 40_000, without: ['dids', 'idb', 'jose', 'http-message-sig'] },
  // For tests, never for production: a wallet and a server in one.
  './testing': { gzip: 70_000, without: ['dids', 'viem', 'vitest'] },
  './node': { gzip: 50_000, without: ['secp256k1', 'tiny-secp256k1', 'redis', 'ioredis', 'dids'] },
  // With the sign-in button, which bundlers leave out where it is not used: see FUNCTION_BOUNDS.
  './react': { gzip: 22_000, without: ['idb', '@noble/curves', '@noble/hashes', 'react-dom'] },
  './vue': { gzip: 22_500, without: ['idb', '@noble/curves', '@noble/hashes'] },
  './svelte': { gzip: 22_500, without: ['idb', '@noble/curves', '@noble/hashes'] },
  './sign-in-button': { gzip: 22_000, without: ['idb', '@noble/curves', '@noble/hashes'] },
  './wallets': { gzip: 10_000, without: ['@noble/curves'] },
  './rainbowkit': { gzip: 25_000, without: ['idb', '@noble/curves', '@noble/hashes', 'react'] },
  './appkit': { gzip: 25_000, without: ['idb', '@noble/curves', '@noble/hashes', 'react'] },
  './dids': { gzip: 50_000, without: ['idb'] },
  './did-session': { gzip: 75_000 },
}

/** What one may load for a single function of an entry. */
export const FUNCTION_BOUNDS = [
  { name: 'verifyCacao', entry: './verify', gzip: 30_000 },
  { name: 'useSession', entry: './react', gzip: 18_500 },
  { name: 'useSession', entry: './vue', gzip: 18_500 },
  { name: 'useSession', entry: './svelte', gzip: 18_500 },
]

/** What a page may load on top of an entry when it first uses a module that loads later, in one file. */
export const LATER_BOUNDS = [
  // With somebody signed in: what follows sign-outs in other tabs, and the clock.
  { name: 'signed in', entry: '.', module: 'dist/tabs/index.js', gzip: 3_100 },
]

/** What one function may add to what an entry loads later. */
export const PART_BOUNDS = [
  {
    name: 'keepCookie',
    entry: '.',
    files: /\/(?:session\/keep-cookie|store\/page-cookie)\.js$/,
    gzip: 2_450,
  },
]
