import { utf8 } from '../../src/base/bytes.js'
import { toBase64, toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import { writeSession } from '../../src/resume/session-string.js'
import { DIDSession } from '../../src/session/did-session.js'
import { respellBase64 } from './base64-spellings.js'
import { jsonable } from './capability-kinds.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { capabilities, contentOf, grantedTo, held, type Signer, signers } from './genuine.js'
import { chains } from './genuine-chains.js'
import { spellJSON } from './json-spelling.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'
import { mutateValue } from './value-mutator.js'

interface GenuineSession {
  readonly signer: Signer
  readonly seed: Uint8Array
  readonly cacao: Cacao
  readonly text: string
}

/** Its own capabilities, and some that were delegated to it. */
const heldBy = (signer: Signer): Cacao[] => [
  ...grantedTo(signer),
  ...chains.flatMap((held) => (held.signer === signer ? [held.cacao] : [])).slice(-4),
]

const sessions: readonly GenuineSession[] = signers.flatMap((signer) => {
  const { seed } = signer
  return seed ? heldBy(signer).map((cacao) => ({ signer, seed, cacao, text: writeSession(seed, cacao) })) : []
})

const contentOfSession = (keyDID: string, cacao: Cacao): string => `${keyDID} ${contentOf(cacao)}`

function caseOf(input: string): FuzzCase {
  const run = async (): Promise<string> => {
    const session = await DIDSession.fromSession(input, held)
    // Its signatures have just been verified.
    const again = await DIDSession.fromSession(session.serialize(), { now: held.now })
    if (again.serialize() !== session.serialize()) return 'what is another session when it is written again'
    return contentOfSession(session.keyDID, session.cacao)
  }
  return { input, run }
}

type Mutation = (session: GenuineSession, other: GenuineSession, random: Random) => string

const partsOf = ({ seed, cacao }: Pick<GenuineSession, 'seed' | 'cacao'>): object => ({
  sessionKeySeed: toBase64(seed),
  cacao,
})
const written = (json: string): string => toBase64url(utf8(json))

const MUTATIONS: readonly Mutation[] = [
  ({ text }, other, random) => mutateText(text, random, other.text),
  ({ text }, _, random) => respellBase64(text, random),
  (session, other, random) =>
    written(mutateText(encodeDagJSON(partsOf(session)), random, encodeDagJSON(partsOf(other)))),
  (session, other, random) =>
    written(mutateText(JSON.stringify(partsOf(session)), random, JSON.stringify(partsOf(other)))),
  (session, _, random) => written(spellJSON(jsonable(partsOf(session)), random, 12)),
  ...Array<Mutation>(3).fill((session, other, random) => {
    const value = mutateValue(partsOf(session), random, partsOf(other))
    return written(random.oneIn(2) ? encodeOrNot(value) : spellJSON(jsonable(value), random, 12))
  }),
  ({ seed }, other) => writeSession(seed, other.cacao),
  ({ seed }, _, random) => writeSession(seed, random.pick(capabilities)),
  ({ seed, cacao }, _, random) => {
    const changed = Uint8Array.from(seed)
    const i = random.below(seed.length)
    changed[i] = (changed[i] ?? 0) ^ (1 << random.below(8))
    return writeSession(changed, cacao)
  },
  (session, _, random) => {
    const sessionKeySeed = respellBase64(toBase64(session.seed), random)
    return written(encodeDagJSON({ ...partsOf(session), sessionKeySeed }))
  },
]

function encodeOrNot(value: unknown): string {
  return JSON.stringify(jsonable(value)) ?? ''
}

export const sessionStrings: FuzzKind = {
  name: 'session string',
  genuine: new Set(sessions.map(({ signer, cacao }) => contentOfSession(signer.did, cacao))),
  control: (random) => caseOf(random.pick(sessions).text),
  mutated(random) {
    const [session, other] = [random.pick(sessions), random.pick(sessions)]
    return caseOf(random.pick(MUTATIONS)(session, other, random))
  },
}
