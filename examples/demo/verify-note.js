import { createDIDKey } from 'cacao-session/did-session'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { solanaVerifiers } from 'cacao-session/solana'
import { verifyCacao } from 'cacao-session/verify'
import { webauthnVerifiers } from 'cacao-session/webauthn'

// A DID of its own, so that nothing of the page's session is at hand here.
const verifier = createDIDKey()

/**
 * Checks a note that a page of this origin posted: that its wallet granted the capability, here and for notes,
 * and that the key which the capability names signed the note. Throws if any of it doesn't hold.
 * @param {unknown} posted
 * @param {string} origin
 */
export async function verifyNote(posted, origin) {
  const { jws, capability } = /** @type {{ jws?: any, capability?: any }} */ (posted ?? {})
  const verifiers = {
    ...ethereumVerifiers(),
    ...solanaVerifiers(),
    // Its own address, because localhost has no https.
    ...webauthnVerifiers({ origins: [origin] }),
  }
  const cacao = await verifyCacao(capability, {
    verifiers,
    domains: [new URL(origin).host],
    resources: [`${origin}/notes/new`],
  })
  const trusted = /** @type {any} */ ({ issuer: cacao.p.iss, capability: cacao, verifiers })
  const { payload } = await (await verifier).verifyJWS(jws, trusted).catch((cause) => {
    throw new Error('this is not what the session key signed', { cause })
  })
  return { keyDID: cacao.p.aud, account: cacao.p.iss, payload }
}
