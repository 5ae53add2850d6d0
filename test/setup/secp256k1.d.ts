// npm secp256k1 has no types.
declare module 'secp256k1' {
  const secp256k1: import('../../src/node/index.js').Secp256k1
  export default secp256k1
}
