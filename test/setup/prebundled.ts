/**
 * What browser lanes import from node_modules. The list is complete by decree (discovery is off): a dependency
 * that Vite only discovers in the middle of a run reloads the page under the running test. ESM packages that
 * are missing here still work, file by file and slower.
 */
export const prebundled: readonly string[] = [
  '@didtools/pkh-ethereum',
  '@noble/curves/ed25519.js',
  '@noble/curves/nist.js',
  '@noble/curves/secp256k1.js',
  '@noble/curves/utils.js',
  '@noble/ed25519',
  '@noble/hashes/hmac.js',
  '@noble/hashes/sha2.js',
  '@noble/hashes/sha3.js',
  '@noble/hashes/utils.js',
  'dids',
  'ethers',
  'idb',
  'multiformats',
  'multiformats/bases/base32',
  'multiformats/bases/base58',
  'multiformats/bases/base64',
  'multiformats/cid',
  'multiformats/hashes/digest',
  'multiformats/hashes/sha2',
  'viem',
  'viem/accounts',
  'viem/siwe',
]
