import { utf8 } from '../../src/base/bytes.js'
import { toBase64, toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'

/** The item that a string store would have for these sessions: anyone can write it, with any seeds. */
export function forgedItem(
  sessions: readonly { readonly cacao: Cacao; readonly seed: Uint8Array }[],
  last: Cacao | undefined = sessions[0]?.cacao,
): string {
  const plain = sessions.map(({ cacao, seed }) => ({ sessionKeySeed: toBase64(seed), cacao }))
  const account = last?.p.iss.slice('did:pkh:'.length)
  return toBase64url(
    utf8(
      JSON.stringify({
        sessions: plain,
        ...(last && { last: { account, keyDID: last.p.aud, at: Date.now() } }),
      }),
    ),
  )
}
