import { describe, expect, it } from 'vitest'
import { requireSession as express } from '../../src/middleware/express.js'
import { requireSession as fastify } from '../../src/middleware/fastify.js'
import { requireSession as fetch } from '../../src/middleware/fetch.js'
import { requireSession as hono } from '../../src/middleware/hono.js'
import { accepting } from '../setup/request-signer.js'

// Mistakes made after copying the shortest example. Each one is an error when the server starts, and names the option.

const GUARDS: readonly [name: string, guard: (options: never) => unknown][] = [
  ['express', express],
  ['fastify', fastify],
  ['fetch', (options) => fetch(options, () => new Response())],
  ['hono', hono],
]

const without = (name: string): object =>
  Object.fromEntries(Object.entries(accepting).filter(([option]) => option !== name))

describe.each(GUARDS)('requireSession of %s', (_, guard) => {
  it('accepts the options of the guides', () => {
    expect(guard({ ...accepting, onRefused: () => undefined, debug: true } as never)).toBeTypeOf('function')
  })

  it.each([
    ['no options', undefined],
    ['a request, as by app.use(requireSession)', new Request('https://api.example.com/notes')],
  ])('throws for %s, and shows how it is called', (_, options) => {
    expect(() => guard(options as never)).toThrow(
      'requireSession({ verifiers, authority, domains, resources })',
    )
  })

  it.each(['verifiers', 'authority', 'domains', 'resources'])(
    'throws if %s is missing or undefined',
    (name) => {
      expect(() => guard(without(name) as never)).toThrow(new RegExp(`^${name} `))
      expect(() => guard({ ...accepting, [name]: undefined } as never)).toThrow(new RegExp(`^${name} `))
    },
  )

  it.each(['domain', 'resource', 'hosts', 'signedUrls', 'onRefuse'])(
    'throws for the unknown option %s, and lists the known ones',
    (name) => {
      expect(() => guard({ ...accepting, [name]: [] } as never)).toThrow(
        new RegExp(`^there is no option "${name}" here; there are .*domains.*onRefused`),
      )
    },
  )

  it.each<[option: string, value: unknown]>([
    ['domains', []],
    ['domains', 'app.example.com'],
    ['domains', ['https://app.example.com']],
    ['domains', [`${undefined}:3000`]],
    ['authority', []],
    ['authority', 'https://api.example.com'],
    ['authority', `${undefined}`],
    ['authority', `api.${undefined}`],
    ['resources', []],
    ['resources', 'https://api.example.com/notes/*'],
    ['resources', [`${undefined}/notes/*`]],
    ['replay', undefined],
    ['replay', true],
    ['revocation', undefined],
    ['revocation', () => false],
    ['maxAgeSecs', 60_000],
    ['maxAgeSecs', '60'],
    ['onRefused', 'log'],
    ['debug', 'yes'],
  ])('throws if %s is %j', (option, value) => {
    expect(() => guard({ ...accepting, [option]: value } as never)).toThrow(new RegExp(`^${option} `))
  })

  it('accepts a host whose name contains the word undefined', () => {
    expect(guard({ ...accepting, authority: 'undefined-behaviour.example.com' } as never)).toBeTypeOf(
      'function',
    )
  })
})
