import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../docs/pages.js'
import { granted } from '../setup/chain.js'
import { type Case, capabilityCases, requestCases, signedRequest, tokenCases } from './cases.js'
import { accountOf } from './verify-case.js'

const FOLDER = join(root, 'docs/spec')
const MAKERS = { capabilities: capabilityCases, requests: requestCases, tokens: tokenCases }

// Signatures are random, so the cases are made again only on request: WRITE_VECTORS=1 npx vitest run test/spec
if (process.env['WRITE_VECTORS']) {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, make] of Object.entries(MAKERS))
    writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(await make(), null, 1)}\n`)
}

const vectors = Object.keys(MAKERS).flatMap((name): Case[] =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')),
)
const spec = readFileSync(join(root, 'docs/spec.md'), 'utf8')
const rules = [...spec.matchAll(/^- \*\*([CDRSTU]\d+)\*\*/gm)].map(([, rule]) => rule)

describe('the vectors of the specification', () => {
  it.each(vectors.map((one) => [`${one.kind}: ${one.name}`, one] as const))('%s', async (_, one) => {
    expect(await accountOf(one)).toBe(one.account)
    // Each case is accepted, or refused by a rule of the page.
    if (one.account === undefined) expect(rules).toContain(one.rule)
    else expect(one.rule).toBeUndefined()
  })

  it('equal newly made ones', async () => {
    const made = (await Promise.all(Object.values(MAKERS).map((make) => make()))).flat()
    const described = (cases: readonly Case[]) =>
      cases.map(({ kind, name, rule, account }) => ({ kind, name, rule, account }))
    expect(described(made)).toEqual(described(vectors))
    for (const one of made) expect(await accountOf(one), one.name).toBe(one.account)
  })

  it('name every rule that a single case can break', () => {
    const named = new Set(vectors.map(({ rule }) => rule))
    // Rules about state, about the server only, and those that repeat others.
    const beyond = ['C15', 'S1', 'S3', 'R9', 'R10', 'T8', 'U2']
    expect(rules.filter((rule) => !named.has(rule))).toEqual(beyond)
  })
})

const MODULES = 'import base58, cbor2, cryptography, ecdsa, Cryptodome'
const python = ['python3', '/usr/bin/python3'].find((program) => {
  try {
    execFileSync(program, ['-c', MODULES], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

interface Verdict {
  readonly account?: string
  readonly refused?: string
}

/** The verdicts of the Python verifier. */
function verdicts(cases: readonly Case[]): Verdict[] {
  const program = join(root, 'examples/python/cacao_session.py')
  const input = cases.map((one) => JSON.stringify(one)).join('\n')
  const output = execFileSync(python ?? 'python3', ['-B', program], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe.skipIf(!python && !process.env['REQUIRE_ENGINES'])('the verifier in Python', () => {
  it('accepts and refuses each vector as expected, and by the broken rule', () => {
    const said = verdicts(vectors)
    const expected = vectors.map(({ name, account, rule }) => ({ name, account, refused: rule }))
    expect(
      vectors.map(({ name }, i) => ({ name, account: said[i]?.account, refused: said[i]?.refused })),
    ).toEqual(expected)
  })

  it('agrees with this library on a thousand requests', { timeout: 300_000 }, async () => {
    const cases = await Promise.all(Array.from({ length: 1000 }, (_, i) => randomCase(i)))
    const ours = await Promise.all(cases.map(accountOf))
    expect(verdicts(cases).map(({ account }) => account)).toEqual(ours)
    const accepted = ours.filter((account) => account !== undefined).length
    expect(accepted).toBeGreaterThan(100)
    expect(accepted).toBeLessThan(900)
  })

  it('has at most 300 lines', () => {
    expect(
      readFileSync(join(root, 'examples/python/cacao_session.py'), 'utf8').trimEnd().split('\n').length,
    ).toBeLessThanOrEqual(300)
  })
})

if (!python) console.warn(`the verifier in Python is skipped: no python3 here can ${MODULES}`)

const HOLDERS = Promise.all([
  granted('P-256'),
  granted('Ed25519'),
  granted('P-256', { resources: ['https://api.example.com/notes/*', 'https://api.example.com/%7Eme'] }),
  granted('Ed25519', { statement: undefined, exp: '2026-02-01T00:00:00+00:00' }),
])
const NOW = Date.parse('2026-01-31T12:00:00Z')
const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T

/** A request with random contents, with one change or none. */
async function randomCase(i: number): Promise<Case> {
  const target = pick([
    '/notes',
    '/notes/1?x=%41',
    '/a/b/',
    '/',
    '/notes/%2E',
    '/%7Eme',
    "/notes/('x')*",
    '/ü',
    '/notes/..;/x',
    '/a//b',
    '/?',
  ])
  const method = pick(['GET', 'POST', 'PUT', 'DELETE'])
  const body = method === 'GET' ? undefined : pick([undefined, '', 'text', 'ü'.repeat(20), '{"a":1}'])
  const request = await signedRequest(pick(await HOLDERS), {
    method,
    target,
    ...(body !== undefined && { body }),
    authority: pick(['api.example.com', 'api.example.com', 'www.example.com:8443', 'evil.example.com']),
    created: NOW / 1000 + pick([0, 0, 0, -59, -359, -360, -3600, 300, 301]),
  })
  const resource = pick([
    false,
    false,
    ['https://api.example.com/notes/1'],
    ['https://api.example.com/%7Eme'],
    ['https://other.example.com/'],
  ] as const)
  const headers = request.headers.map(([name, value]): [string, string] => [
    name,
    Math.random() < 0.02 ? changed(value) : value,
  ])
  return {
    name: `random ${i}`,
    kind: 'request',
    policy: {
      domains: pick([['example.com'], ['example.com'], ['example.org', 'example.com'], ['example.org']]),
      resources: resource,
      now: NOW,
      authorities: ['api.example.com', 'www.example.com:8443'],
    },
    request: { ...request, headers },
  }
}

function changed(text: string): string {
  const at = Math.floor(Math.random() * text.length)
  return text.slice(0, at) + pick(['a', '0', 'Z', '-', '']) + text.slice(at + 1)
}
