// In this folder, so that it resolves to the installation beside it.

export { Cacao } from '@didtools/cacao'
export { getEIP191Verifier } from '@didtools/pkh-ethereum'
export { DIDSession } from 'did-session'
export { DID } from 'dids'
export { default as KeyDidResolver } from 'key-did-resolver'
