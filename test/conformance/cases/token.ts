import { equal, refuses } from '../check.js'
import { ACCOUNT, DOMAIN, freshSession, NOTES } from '../known.js'
import type { Case, Library } from '../library.js'

const AUDIENCE = 'wss://api.example.com/live'
const URL_OF_NOTE = 'https://api.example.com/notes/1.png?size=2'

const expected = ({ ethereum }: Library) => ({
  verifiers: ethereum.ethereumVerifiers(),
  domains: [DOMAIN],
  resources: [NOTES],
})

export const token: readonly Case[] = [
  {
    name: 'a token is verified for its account, with its claims',
    async run(library) {
      const session = await freshSession(library)
      const made = await session.createToken({ audience: AUDIENCE, claims: { room: 'Küche' } })
      const options = { ...expected(library), audience: AUDIENCE }
      const { account, keyDID, claims } = await library.verify.verifyToken(made, options)
      equal([account, keyDID, claims], [ACCOUNT, session.keyDID, { room: 'Küche' }])
    },
  },
  {
    name: 'a token for another audience is refused',
    async run(library) {
      const made = await (await freshSession(library)).createToken({ audience: `${AUDIENCE}/2` })
      const verify = library.verify.verifyToken(made, { ...expected(library), audience: AUDIENCE })
      await refuses('ERR_JWS_INVALID', () => verify)
    },
  },
  {
    name: 'a token is accepted once with a replay store',
    async run(library) {
      const made = await (await freshSession(library)).createToken({ audience: AUDIENCE })
      const replay = library.verify.memoryReplay()
      const verify = library.verify.tokenVerifier({ ...expected(library), audience: AUDIENCE, replay })
      equal((await verify(made)).account, ACCOUNT)
      await refuses('ERR_REQUEST_REPLAYED', () => verify(made))
    },
  },
  {
    name: 'a signed URL is accepted more than once, for itself only',
    async run(library) {
      const signed = await (await freshSession(library)).signURL(URL_OF_NOTE)
      const handler = library.fetch.requireSession(
        { ...expected(library), authority: 'api.example.com', signedURLs: true, debug: false },
        (request, { account }) => new Response(`${account} ${request.url}`),
      )
      for (let i = 0; i < 2; i++)
        equal(await (await handler(new Request(signed))).text(), `${ACCOUNT} ${URL_OF_NOTE}`)
      equal((await handler(new Request(signed.replace('size=2', 'size=3')))).status, 401)
      equal((await handler(new Request(URL_OF_NOTE))).status, 401)
    },
  },
]
