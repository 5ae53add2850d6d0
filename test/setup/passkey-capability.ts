import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { encodeAAD } from '../../src/capability/cid.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { challengeOf } from '../../src/wallet/webauthn/verify.js'
import { payload } from './capability.js'
import type { PasskeyBehaviour, TestPasskeys } from './passkey.js'

const challenge = new Uint8Array(32)
const user = { id: new Uint8Array([1]), name: 'test', displayName: 'test' }

/** Creates a passkey without the library, and returns its account. */
export async function makeResident(passkeys: TestPasskeys): Promise<string> {
  await passkeys.credentials.create({
    publicKey: { challenge, rp: { name: 'test' }, user, pubKeyCredParams: [] },
  })
  return passkeys.residents[0]?.account ?? ''
}

/** A capability signed by an authenticator with this behaviour, without our own checks. */
export async function signedByPasskey(
  passkeys: TestPasskeys,
  behaviour: PasskeyBehaviour = {},
  changes: Record<string, unknown> = {},
  h: Cacao['h'] = { t: 'caip122' },
): Promise<Cacao> {
  passkeys.behaviour = behaviour
  const iss = passkeys.residents[0]?.account ?? (await makeResident(passkeys))
  const p = payload({ iss, domain: new URL(passkeys.origin).host, ...changes })
  const credential = await passkeys.credentials.get({ publicKey: { challenge: challengeOf({ h, p }) } })
  const { authenticatorData, clientDataJSON, signature } = (credential as PublicKeyCredential)
    .response as AuthenticatorAssertionResponse
  const [authData, clientData] = [new Uint8Array(authenticatorData), new Uint8Array(clientDataJSON)]
  const aad = encodeAAD({ authData, clientDataJSON: clientData })
  const s = { t: 'webauthn:p256', s: toBase64url(new Uint8Array(signature)), m: { aad } }
  return parseCacao({ h, p, s })
}
