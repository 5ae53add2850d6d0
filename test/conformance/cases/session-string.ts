import { equal, refuses } from '../check.js'
import { ACCOUNT, altered, freshSession, ISSUER, OTHER_KEY } from '../known.js'
import type { Case, SharedFiles } from '../library.js'

interface SessionFixture {
  readonly name: string
  readonly clock: string
  readonly accountId: string
  readonly serialized: string
}

const own: readonly Case[] = [
  {
    name: 'can be written, read and used',
    async run(library) {
      const { core, ethereum } = library
      const written = (await freshSession(library)).serialize()
      const session = await core.DIDSession.fromSession(written, { verifiers: ethereum.ethereumVerifiers() })
      equal([session.id, session.isExpired, session.serialize()], [ISSUER, false, written])
      equal((await session.sign(new Uint8Array(3))).length, 64)
    },
  },
  {
    name: 'encrypted with a password is read with that password only',
    async run(library) {
      const session = await freshSession(library)
      const written = await session.serialize({ password: 'correct horse' })
      equal(written.includes('.') && !written.includes(session.serialize().slice(0, 40)), true)
      equal(
        (await library.core.DIDSession.fromSession(written, { password: 'correct horse' })).keyDID,
        session.keyDID,
      )
      await refuses('ERR_SESSION_STRING', () =>
        library.core.DIDSession.fromSession(written, { password: 'wrong' }),
      )
      await refuses('ERR_SESSION_STRING', () => library.core.DIDSession.fromSession(written))
    },
  },
  {
    name: 'is refused if it is empty, truncated or changed',
    async run(library) {
      const { core, ethereum } = library
      const written = (await freshSession(library)).serialize()
      await refuses('ERR_SESSION_STRING', () => core.DIDSession.fromSession(''))
      await refuses('ERR_SESSION_STRING', () => core.DIDSession.fromSession(written.slice(0, -9)))
      const verifiers = ethereum.ethereumVerifiers()
      let isRead = true
      await core.DIDSession.fromSession(altered(written), { verifiers }).catch(() => {
        isRead = false
      })
      equal(isRead, false)
    },
  },
  {
    name: 'is refused with a capability of another key',
    async run(library) {
      const [mine, theirs] = [await freshSession(library), await freshSession(library)]
      const { sessionKeySeed } = JSON.parse(atob(mine.serialize().replaceAll('-', '+').replaceAll('_', '/')))
      const mixed = btoa(JSON.stringify({ sessionKeySeed, cacao: theirs.cacao })).replaceAll('=', '')
      await refuses('ERR_CAPABILITY_AUDIENCE', () =>
        library.core.DIDSession.fromSession(mixed.replaceAll('+', '-').replaceAll('/', '_')),
      )
    },
  },
  {
    name: 'is refused with a signature of another account',
    async run(library) {
      const { core, ethereum } = library
      const session = await freshSession(library)
      const { sessionKeySeed } = JSON.parse(
        atob(session.serialize().replaceAll('-', '+').replaceAll('_', '/')),
      )
      const forged = await ethereum.ethereumAuth(OTHER_KEY, undefined, { domain: session.cacao.p.domain })({
        uri: session.keyDID,
      })
      const cacao = { ...session.cacao, s: forged.s }
      const text = btoa(JSON.stringify({ sessionKeySeed, cacao }))
        .replaceAll('=', '')
        .replaceAll('+', '-')
        .replaceAll('/', '_')
      await refuses('ERR_CAPABILITY_SIGNATURE', () =>
        core.DIDSession.fromSession(text, { verifiers: ethereum.ethereumVerifiers() }),
      )
    },
  },
  {
    name: 'that has expired can be read, but refuses to sign',
    async run(library) {
      const written = (await freshSession(library)).serialize()
      const now = (): number => Date.now() + 8 * 24 * 3_600_000
      const session = await library.core.DIDSession.fromSession(written, { now })
      equal([session.isExpired, session.expiresInSecs, session.id], [true, 0, `did:pkh:${ACCOUNT}`])
      await refuses('ERR_CAPABILITY_EXPIRED', () => session.sign(new Uint8Array(3)))
    },
  },
]

/** Sessions as strings: ours, and did-session 4's. */
export function sessionString(shared: SharedFiles): Case[] {
  const fixtures = Object.entries(shared).flatMap(([file, content]) =>
    file.startsWith('fixtures/did-session-4/session-') ? [content as SessionFixture] : [],
  )
  const theirs = fixtures.map(
    ({ name, clock, accountId, serialized }): Case => ({
      name: `did-session 4: ${name}`,
      async run({ core, ethereum }) {
        const options = { now: () => Date.parse(clock), verifiers: ethereum.ethereumVerifiers() }
        const session = await core.DIDSession.fromSession(serialized, options)
        equal(
          [session.id.toLowerCase(), session.serialize()],
          [`did:pkh:${accountId}`.toLowerCase(), serialized],
        )
      },
    }),
  )
  return [...own, ...theirs]
}
