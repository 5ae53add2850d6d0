/**
 * What a page may have to load before it can use an entry: bytes, minified and gzipped, without what loads later;
 * and the packages that must not be among them.
 *
 * @type {Record<string, { gzip: number, without?: string[] }>}
 */
export const BOUNDS = {
  '.': {
    gzip: 9_000,
    without: ['dids', '@noble/curves', '@noble/hashes', '@ipld/dag-cbor', 'cborg', 'multiformats'],
  },
  './ethereum': { gzip: 4_000, without: ['@noble/curves'] },
  './verify': { gzip: 8_000, without: ['dids', 'idb'] },
  './dids': { gzip: 26_400, without: ['idb'] },
  './did-session': { gzip: 39_600 },
}
