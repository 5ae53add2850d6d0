import { fromBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { decodeAAD, signedBytes } from '../../src/capability/cid.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { candidatesOf, rawOfDER } from '../../src/key/ecdsa.js'

/** The same capability of a passkey, with the same signature, under the other key that this fits. */
export function twinOf({ h, p, s }: Cacao): Cacao {
  const signature = rawOfDER(fromBase64url(String(s.s)) ?? new Uint8Array())
  const signed = decodeAAD(s.m?.aad ?? new Uint8Array())
  if (!signature || !signed) throw new Error('it is no passkey’s')
  const other = candidatesOf(signature, signedBytes(signed)).find((did) => did !== p.iss)
  return parseCacao({ h, p: { ...p, iss: other }, s })
}
