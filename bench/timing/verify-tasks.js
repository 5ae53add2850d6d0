import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { recoverWithSecp256k1, recoverWithTinySecp256k1 } from 'cacao-session/node'
import { verifyCacao, verifyJWS } from 'cacao-session/verify'
import native from 'secp256k1'
import * as tiny from 'tiny-secp256k1'

/** Verification by both libraries of the same capability and the same JWS, and the one recovery beneath. */
export async function verifyTasks({ stored, seeded, storedDID, seededDID, payload }) {
  const { Cacao, getEIP191Verifier, DID, KeyDidResolver } = await import('../did-session/incumbent.js')
  const verifiers = ethereumVerifiers()
  const theirVerifiers = getEIP191Verifier()
  const receiver = new DID({ resolver: KeyDidResolver.getResolver() })
  const { cacao } = stored
  const jws = { p256: await storedDID.createJWS(payload), ed25519: await seededDID.createJWS(payload) }
  const ours = (signed, session) => () =>
    verifyJWS(signed, { verifiers, capability: session.cacao, issuer: session.id })
  const theirs = (signed, session) => () =>
    receiver.verifyJWS(signed, { verifiers: theirVerifiers, capability: session.cacao, issuer: session.id })
  // With verifiers of their own each time, which remember nothing.
  const withRecover = (recover) => () =>
    verifyCacao(cacao, { verifiers: ethereumVerifiers(recover && { recover }) })

  const hash = crypto.getRandomValues(new Uint8Array(32))
  const key = secp256k1.utils.randomSecretKey()
  const signature = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' })
  return {
    cacao: withRecover(),
    cacaoTiny: withRecover(recoverWithTinySecp256k1(tiny)),
    cacaoNative: withRecover(recoverWithSecp256k1(native)),
    theirCacao: () => Cacao.verify(cacao, { verifiers: theirVerifiers }),
    recover: () => secp256k1.recoverPublicKey(signature, hash, { prehash: false }),
    jwsP256: ours(jws.p256, stored),
    jwsEd25519: ours(jws.ed25519, seeded),
    theirJWSP256: theirs(jws.p256, stored),
    theirJWSEd25519: theirs(jws.ed25519, seeded),
  }
}
