import { SessionError } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { decodeDagJSON, encodeDagJSON } from '../../src/capability/dag-json.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { signText } from '../setup/native-secp256k1.js'
import { copyOf } from './copy.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { capabilities, contentOf, judged } from './genuine.js'
import { spellJSON } from './json-spelling.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'
import { mutateValue } from './value-mutator.js'

const genuine = new Set(capabilities.map(contentOf))

export async function accept(input: unknown): Promise<string> {
  return contentOf(await verifyCacao(input, judged))
}

/** Combines parts of three genuine capabilities, also members of the payload. */
function spliced(random: Random): unknown {
  const [a, b, c] = [0, 1, 2].map(() => random.pick(capabilities)) as [Cacao, Cacao, Cacao]
  if (random.oneIn(2)) return { h: a.h, p: b.p, s: c.s }
  const names = Object.keys(a.p).filter(() => random.oneIn(2)) as (keyof Cacao['p'])[]
  const taken = Object.fromEntries(names.map((name) => [name, a.p[name]]))
  return { h: b.h, p: { ...b.p, ...taken }, s: random.pick([a, b]).s }
}

const THIEF = new Uint8Array(32).fill(200)

/** With another issuer, or with a member of another account's capability, and the old signature. */
function stolen(random: Random): unknown {
  const [a, b] = [random.pick(capabilities), random.pick(capabilities)]
  const name = random.pick(Object.keys(b.p)) as keyof Cacao['p']
  const p: Cacao['p'] = { ...a.p, ...(name !== 'iss' && { [name]: b.p[name] }) }
  return { h: a.h, p, s: { t: 'eip191', s: signText(renderEthereumMessage(p), THIEF) } }
}

/** With as many and as long resources as the guard accepts, each on its own. */
function oversized(random: Random): unknown {
  const { h, p, s } = random.pick(capabilities)
  const resource = `a:${'b'.repeat(random.pick([0, 100, 1000, 16_382]))}`
  return { h, p: { ...p, resources: Array<string>(random.pick([10, 100, 1000])).fill(resource) }, s }
}

export const capabilityObjects: FuzzKind = {
  name: 'capability, object',
  genuine,
  control(random) {
    const input = copyOf(random.pick(capabilities))
    return { input, run: () => accept(input) }
  },
  mutated(random) {
    const made = random.oneIn(1000) ? oversized : [stolen, spliced, spliced][random.below(24)]
    const input = made?.(random) ?? mutateValue(random.pick(capabilities), random, random.pick(capabilities))
    return { input, run: () => accept(input) }
  },
}

export const jsonOf = (value: unknown, random: Random): string =>
  random.oneIn(2) ? encodeDagJSON(value) : spellJSON(JSON.parse(encodeDagJSON(value)), random, 10)

export function textCase(input: string, isInspected = false): FuzzCase {
  const run = async (): Promise<string> => {
    const value = decodeDagJSON(input)
    return isInspected ? inspected(value) : accept(value)
  }
  return { input, run }
}

/** The same through inspectCacao, which never rejects and reports the same problems as verifyCacao. */
async function inspected(value: unknown): Promise<string> {
  const { isAccepted, problems } = await inspectCacao(value, judged)
  const [first] = problems
  const content = await accept(value).catch((error: SessionError) => error)
  if (isAccepted === content instanceof SessionError) return 'what is accepted in one way only'
  if (!(content instanceof SessionError)) return content
  if (content.code !== first?.code) return `what is refused for two reasons: ${content.code}, ${first?.code}`
  throw content
}

export const capabilityTexts: FuzzKind = {
  name: 'capability, JSON',
  genuine,
  control: (random) => textCase(encodeDagJSON(random.pick(capabilities))),
  mutated(random) {
    const other = random.pick(capabilities)
    const value = random.oneIn(3)
      ? mutateValue(random.pick(capabilities), random, other)
      : random.pick(capabilities)
    const text = random.oneIn(2) ? spellJSON(jsonable(value), random, 8) : jsonOf(jsonable(value), random)
    const isInspected = random.oneIn(8)
    const mutated = random.oneIn(4) ? text : mutateText(text, random, jsonOf(other, random))
    // The caller limits the length of a text.
    return textCase(mutated.slice(0, 100_000), isInspected)
  },
}

/** The value after encoding and decoding as DAG-JSON. */
export function jsonable(value: unknown): unknown {
  try {
    return JSON.parse(encodeDagJSON(value)) as unknown
  } catch {
    return 'nothing that has JSON'
  }
}
