import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import { keyURL } from '../../src/http/signature-profile.js'
import { SEED } from '../setup/seed.js'
import { algorithmOf, digestOf, profileInput, type SignatureInput, signWire } from '../setup/sign-wire.js'
import { type WireRequest, withHeader } from '../setup/wire-request.js'
import { judged, type Signer, signers } from './genuine.js'
import { type GenuineRequest, genuineRequests, newNonce } from './genuine-requests.js'
import { Random } from './random.js'

const random = new Random(SEED, 0xf09)
const CREATED = judged.now() / 1000
const IMPOSTOR = 'did:pkh:eip155:1:0x000000000000000000000000000000000000dEaD'

const isNamed = (parameter: string, name: string): boolean => parameter.startsWith(`${name}=`)
const replaced = (said: SignatureInput, name: string, value: string): SignatureInput => ({
  ...said,
  parameters: said.parameters.map((known) => (isNamed(known, name) ? `${name}="${value}"` : known)),
})

type Weakening = (said: SignatureInput, created: number) => SignatureInput

/** Signatures that a session's key may have made for other purposes: none of them counts as a request to this server. */
const OUT_OF_PROFILE: readonly Weakening[] = [
  (said) => {
    const dropped = random.below(said.components.length)
    return { ...said, components: said.components.filter((_, i) => i !== dropped) }
  },
  (said) => ({ ...said, components: [...said.components].reverse() }),
  (said) => ({ ...said, components: [...said.components, '"accept"'] }),
  (said) => ({ ...said, components: said.components.map((name) => name.replace('@path', '@target-uri')) }),
  (said) => ({ ...said, components: [] }),
  (said) => {
    const dropped = random.below(said.parameters.length)
    return { ...said, parameters: said.parameters.filter((_, i) => i !== dropped) }
  },
  (said) => ({ ...said, parameters: [...said.parameters, random.pick(['x=1', 'a="b"', 'context="c"'])] }),
  (said) => replaced(said, 'tag', random.pick(['', 'cacao', 'cacao-session2', 'web-bot-auth'])),
  (said) =>
    replaced(said, 'nonce', random.pick(['', 'short', 'a'.repeat(21), 'a'.repeat(129), 'a b'.repeat(9)])),
  (said) => replaced(said, 'alg', random.pick(['', 'es256', 'EdDSA', 'rsa-pss-sha512', 'hmac-sha256'])),
  (said, created) => ({
    ...said,
    parameters: said.parameters.map((known) =>
      isNamed(known, 'expires') ? `expires=${created + 3601}` : known,
    ),
  }),
  (said) => ({ ...said, parameters: said.parameters.map((parameter) => parameter.replace(/#[^"]*/, '')) }),
  (said) => ({ ...said, parameters: said.parameters.map((known) => known.replace(/did:key:[^#]*/, '')) }),
  (said) => ({ ...said, label: random.pick(['sig1', 'cacao2', 'a']) }),
]

/** Signed by the session's own key, but not in the profile. */
async function outOfProfile(request: GenuineRequest): Promise<WireRequest> {
  const said = profileInput(request.signer, request.body.length > 0, CREATED, newNonce(random))
  return signWire(request, random.pick(OUT_OF_PROFILE)(said, CREATED), request.signer)
}

const thiefOf = ({ signer }: GenuineRequest): Signer =>
  random.pick(signers.filter(({ did }) => did !== signer.did))

/** Signed by another key, with the victim's keyid or capability, and for another request. */
async function byAnotherKey(request: GenuineRequest): Promise<WireRequest> {
  const thief = thiefOf(request)
  const hasBody = request.body.length > 0
  const own = profileInput(request.signer, hasBody, CREATED, newNonce(random))
  const stolen = profileInput(thief, hasBody, CREATED, newNonce(random))
  const [victimKey, thiefKey] = [request.signer.did, thief.did].map((did) => did.slice('did:key:'.length))
  const said = random.pick([
    own,
    stolen,
    replaced(stolen, 'keyid', keyURL(request.signer.did)),
    replaced(stolen, 'keyid', `${request.signer.did}#${thiefKey}`),
    replaced(stolen, 'keyid', `${thief.did}#${victimKey}`),
    replaced(own, 'alg', algorithmOf(thief)),
  ])
  const other = random.pick(genuineRequests)
  const body = hasBody && other.body.length > 0 ? other.body : request.body
  const changed = { ...request, target: other.target, body }
  return signWire(hasBody ? withHeader(changed, 'content-digest', digestOf(body)) : changed, said, thief)
}

/** With a capability that nobody granted: for another key, of another account, or with more resources. */
async function underForgedCapability(request: GenuineRequest): Promise<WireRequest> {
  const { h, p, s } = request.cacao
  const isStolen = random.oneIn(2)
  const signer = isStolen ? thiefOf(request) : request.signer
  const more = [...(p.resources ?? []), 'https://api.example.com/*']
  const claims = [
    { resources: more },
    { exp: '2199-01-01T00:00:00Z' },
    { nonce: 'forged01' },
    { iss: IMPOSTOR },
  ]
  const forged = { ...p, ...(isStolen ? { aud: signer.did } : random.pick(claims)) }
  const signature = random.oneIn(4) ? random.pick(genuineRequests).cacao.s : s
  const token = toBase64url(utf8(encodeDagJSON({ h, p: forged, s: signature })))
  const said = profileInput(signer, request.body.length > 0, CREATED, newNonce(random))
  return signWire(withHeader(request, 'authorization', `CACAO ${token}`), said, signer)
}

/** For an attacker's server, which forwards it with its own host or the right one. */
async function forAnotherServer(request: GenuineRequest): Promise<WireRequest> {
  const said = profileInput(request.signer, request.body.length > 0, CREATED, newNonce(random))
  const signed = await signWire({ ...request, host: 'evil.example' }, said, request.signer)
  return random.oneIn(2) ? signed : { ...signed, host: request.host }
}

/**
 * Requests that were really signed, and that must be refused. Their nonces differ from all genuine ones, so that accepting one
 * would be noticed.
 */
export const forgedRequests: readonly WireRequest[] = await Promise.all(
  [outOfProfile, byAnotherKey, underForgedCapability, forAnotherServer].flatMap((forge) =>
    genuineRequests.map(forge),
  ),
)
